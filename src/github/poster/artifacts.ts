import { AyciError } from '../../errors.ts';
import { visible } from '../../report/escape.ts';
import { parseArtifactName } from '../artifact-name.ts';
import type { GithubClient } from '../client.ts';
import { boundedChunks, refusedBy } from './api.ts';
import type { MeasuredRun } from './event.ts';
import { LIMITS, megabytes } from './limits.ts';

export interface Artifact {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
}

const PAGE = 100;
const PERMISSION = 'actions: read';

function isMatching(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}

/** What errors call an artifact. */
export function placeOf(artifact: Artifact): string {
  return `artifact ${visible(artifact.name, 80)}`;
}

/** Of a leg that ran again only the last attempt counts. */
function lastAttempts(artifacts: readonly Artifact[]): readonly Artifact[] {
  const last = new Map<string, { readonly attempt: number; readonly artifact: Artifact }>();
  for (const artifact of artifacts) {
    const { leg, attempt } = parseArtifactName(artifact.name) ?? { leg: artifact.name, attempt: 1 };
    const before = last.get(leg);
    const newer = attempt - (before?.attempt ?? 0) || artifact.id - (before?.artifact.id ?? 0);
    if (newer > 0) last.set(leg, { attempt, artifact });
  }
  return [...last.values()].map(({ artifact }) => artifact);
}

/**
 * The artifacts of a run that a pattern with `*` names, in the order of their names; of a leg's several attempts the
 * last. Pages for the browser (`….html`) are no reports.
 *
 * @throws AyciError `environment` where GitHub refuses, `bad-input` for more than can be of a matrix
 */
export async function listArtifacts(
  client: GithubClient,
  run: MeasuredRun,
  pattern: string,
): Promise<readonly Artifact[]> {
  const { owner, repo, runId } = run;
  const matching: Artifact[] = [];
  for (let page = 1; (page - 1) * PAGE < LIMITS.artifacts; page += 1) {
    const query = { owner, repo, run_id: runId, per_page: PAGE, page };
    const { data } = await client
      .request('GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts', query)
      .catch((thrown: unknown) => {
        throw refusedBy(thrown, `artifacts of run ${runId}`, PERMISSION);
      });
    for (const { id, name, size_in_bytes: bytes, expired } of data.artifacts) {
      if (expired || name.endsWith('.html') || !isMatching(name, pattern)) continue;
      matching.push({ id, name, bytes });
    }
    if (data.artifacts.length < PAGE) break;
  }
  const legs = lastAttempts(matching);
  if (legs.length > LIMITS.legs) {
    throw new AyciError(
      'bad-input',
      `artifacts of run ${runId}: too many are reports, got ${legs.length}; expected at most ${LIMITS.legs}`,
    );
  }
  return [...legs].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * An artifact as it is stored, never more of it than allowed.
 *
 * @throws AyciError `bad-input` where it is too large, `environment` where GitHub does not give it
 */
export async function downloadArtifact(client: GithubClient, run: MeasuredRun, artifact: Artifact): Promise<Buffer> {
  const place = placeOf(artifact);
  const tooLarge = (got: string): AyciError =>
    new AyciError('bad-input', `${place}: is too large, got ${got}; expected at most ${megabytes(LIMITS.compressed)}`);
  if (artifact.bytes > LIMITS.compressed) throw tooLarge(`${artifact.bytes} bytes`);
  const { owner, repo } = run;
  // Follows GitHub's redirect to the store; fetch leaves the token behind there.
  const { data } = await client
    .request('GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}', {
      owner,
      repo,
      artifact_id: artifact.id,
      archive_format: 'zip',
      request: { parseSuccessResponseBody: false },
    })
    .catch((thrown: unknown) => {
      throw refusedBy(thrown, place, PERMISSION);
    });
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of boundedChunks(data, LIMITS.compressed)) chunks.push(chunk);
  } catch (thrown) {
    throw thrown instanceof AyciError ? tooLarge('more') : refusedBy(thrown, place, PERMISSION);
  }
  return Buffer.concat(chunks);
}
