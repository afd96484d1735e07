// What the tiers have counted so far, and where their reports go until they are read.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const total = { passed: 0, failed: 0, skipped: 0 };

/** A folder for the reports of test tools. */
export const scratch = mkdtempSync(join(tmpdir(), 'ayci-test-'));

/** One thing that is no test, such as the linter, passed or failed. */
export function count(ok) {
  total[ok ? 'passed' : 'failed'] += 1;
}

/** The tests of one run. One that ends badly without a failed test counts as a failure, and so does one without any. */
export function countTests({ passed, failed, skipped }, ok) {
  total.passed += passed;
  total.failed += failed > 0 ? failed : Number(!ok || passed === 0);
  total.skipped += skipped;
}

/** Removes the reports and prints the one line; the exit code of all. */
export function finish() {
  rmSync(scratch, { recursive: true, force: true });
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 ? 1 : 0;
}
