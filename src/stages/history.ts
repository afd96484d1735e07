import { posix } from 'node:path';
import { appendHistory } from '../archive/history.ts';
import { asAyciError, explain } from '../errors.ts';
import type { FailOn } from '../types/inputs.ts';
import type { Report } from '../types/report.ts';
import type { RunPorts } from './ports.ts';

/** A model's path as its history is filed under: relative, without `./`. */
export function historyPath(path: string): string {
  return posix.normalize(path.replaceAll('\\', '/'));
}

/**
 * Adds a run of the base branch to the branch's history, one that failed the gate as not accepted, so that later runs can
 * be compared with it. A history that cannot be written is a warning: what was measured is kept already.
 */
export async function remember(report: Report, failOn: readonly FailOn[], ports: RunPorts): Promise<void> {
  const { historyBranch, commit, store, scope } = ports;
  if (historyBranch === null || commit === null || report.error !== null) return;
  const at = ports.clock.date().toISOString();
  for (const { path, key, verdict, baselineKey } of report.models) {
    const accepted = report.gate !== 'failed' || !failOn.some((state) => state === verdict);
    const entry = { commit, key, verdict, accepted, at, against: baselineKey };
    try {
      await appendHistory(store, scope, historyBranch, historyPath(path), entry);
    } catch (thrown) {
      ports.logger.warn(`the history of ${historyBranch} was not added to: ${explain(asAyciError(thrown))}`);
    }
  }
}
