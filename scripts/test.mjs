// All tiers, or those named: node scripts/test.mjs [check] [unit] [flow] [bundle] [real]. Ends with one line of counts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureParts } from './parts.mjs';
import { pythonTests, pythonWithTests } from './tiers/python.mjs';
import { run } from './tiers/run.mjs';
import { count, countTests, finish, scratch } from './tiers/tally.mjs';

const TIERS = ['check', 'unit', 'flow', 'bundle', 'real'];
const asked = process.argv.slice(2);
const unknown = asked.filter((tier) => !TIERS.includes(tier));
if (unknown.length > 0) {
  console.error(`no tier is called ${unknown.join(', ')}; expected ${TIERS.join(', ')}`);
  process.exit(2);
}

function check() {
  count(run('lint', process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']));
  count(run('types', process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit']));
  count(run('generated files', process.execPath, ['scripts/generate.mjs', '--check']));
}

function vitest(tier) {
  const out = join(scratch, `${tier}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${out}`];
  const ok = run(tier, process.execPath, ['node_modules/vitest/vitest.mjs', 'run', `test/${tier}`, ...reporters]);
  if (!existsSync(out)) return count(false);
  const result = JSON.parse(readFileSync(out, 'utf8'));
  const skipped = result.numPendingTests + result.numTodoTests;
  countTests({ passed: result.numPassedTests, failed: result.numFailedTests, skipped }, ok);
}

/** Installs what the tier's tests start, and runs those in Python; false, and counted, where it cannot be installed. */
async function prepare(tier) {
  if (tier === 'unit' && !ensureParts(['git-lfs'])) {
    console.error('git-lfs could not be installed');
    return false;
  }
  if (tier !== 'real') return true;
  console.log('\n== parts');
  if (!ensureParts()) {
    console.error('the parts of the real tier could not be installed');
    return false;
  }
  const python = pythonWithTests();
  if (python === null) {
    console.error('the environment of the real tier could not be made');
    return false;
  }
  process.env.AYCI_TEST_PYTHON = python;
  await pythonTests(python);
  return true;
}

for (const tier of asked.length > 0 ? asked : TIERS) {
  if (tier === 'check') check();
  else if (await prepare(tier)) vitest(tier);
  else count(false);
}
process.exitCode = finish();
