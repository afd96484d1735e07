import { AyciError } from '../../errors.ts';
import type { Leg } from '../../report/merge.ts';
import { LIMITS as REPORT_LIMITS } from '../../report/untrusted/limits.ts';
import { readForeignReport } from '../../report/untrusted/read.ts';
import type { GithubClient } from '../client.ts';
import { downloadArtifact, listArtifacts, placeOf } from './artifacts.ts';
import type { MeasuredRun } from './event.ts';
import { LIMITS } from './limits.ts';
import { reportInZip } from './unzip.ts';

/** Of all legs together: what is one comment. */
const MOST = [
  ['bytes', LIMITS.reports],
  ['models', REPORT_LIMITS.models],
  ['cells', REPORT_LIMITS.cells],
] as const;

/**
 * What the legs of a run left, read as what strangers left.
 *
 * @throws AyciError `bad-input` where one of them is no report, `environment` where GitHub does not give it
 */
export async function legsOf(client: GithubClient, run: MeasuredRun, pattern: string): Promise<readonly Leg[]> {
  const legs: Leg[] = [];
  const sum = { bytes: 0, models: 0, cells: 0 };
  // One after the other: never more than one of them in memory.
  for (const artifact of await listArtifacts(client, run, pattern)) {
    const place = placeOf(artifact);
    const json = await reportInZip(await downloadArtifact(client, run, artifact), place);
    const report = readForeignReport(json, `${place}: report.json`);
    sum.bytes += json.length;
    sum.models += report.models.length;
    sum.cells += report.models.reduce((cells, model) => cells + model.cells.length, 0);
    for (const [name, most] of MOST) {
      if (sum[name] <= most) continue;
      const got = `${sum[name]} ${name} with those before it`;
      throw new AyciError('bad-input', `${place}: is one report too many, got ${got}; expected at most ${most}`);
    }
    legs.push({ name: artifact.name, report });
  }
  return legs;
}
