import { AyciError } from '../../errors.ts';
import type { Leg } from '../../report/merge.ts';
import { readForeignReport } from '../../report/untrusted/read.ts';
import type { GithubClient } from '../client.ts';
import { downloadArtifact, listArtifacts, placeOf } from './artifacts.ts';
import type { MeasuredRun } from './event.ts';
import { LIMITS, megabytes } from './limits.ts';
import { reportInZip } from './unzip.ts';

/**
 * What the legs of a run left, read as what strangers left.
 *
 * @throws AyciError `bad-input` where one of them is no report, `environment` where GitHub does not give it
 */
export async function legsOf(client: GithubClient, run: MeasuredRun, pattern: string): Promise<readonly Leg[]> {
  const legs: Leg[] = [];
  let bytes = 0;
  // One after the other: never more than one of them in memory.
  for (const artifact of await listArtifacts(client, run, pattern)) {
    const place = placeOf(artifact);
    const json = await reportInZip(await downloadArtifact(client, run, artifact), place);
    bytes += json.length;
    if (bytes > LIMITS.reports) {
      const limit = megabytes(LIMITS.reports);
      throw new AyciError(
        'bad-input',
        `${place}: the reports are too large, got ${bytes} bytes; expected at most ${limit}`,
      );
    }
    legs.push({ name: artifact.name, report: readForeignReport(json, `${place}: report.json`) });
  }
  return legs;
}
