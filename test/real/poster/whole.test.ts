import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { uploadReport } from '../../../src/github/artifact.ts';
import { artifactName } from '../../../src/github/artifact-name.ts';
import { type GithubClient, openClient } from '../../../src/github/client.ts';
import { situationOf } from '../../../src/github/poster/event.ts';
import { forkModel } from '../../../src/github/poster/fork-model.ts';
import { readPosterInputs } from '../../../src/github/poster/inputs.ts';
import { post } from '../../../src/github/poster/post.ts';
import { writeReports } from '../../../src/report/write.ts';
import type { Report } from '../../../src/types/report.ts';
import { type ActionsResults, startActionsResults } from '../../support/actions-results.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { tinyOnnx } from '../../support/onnx.ts';
import type { StoredArtifact } from '../../support/poster-api.ts';
import { type DescribedPosterApi, describedPosterApi } from '../../support/poster-api-described.ts';
import {
  HEAD_SHA,
  jobEnvironment,
  legReport,
  PULL,
  pullRequest,
  RUN,
  SAME,
  SLOWER,
  workflowRun,
} from '../../support/poster-world.ts';

const now = new Date('2026-11-24T01:00:00.000Z');
const MODEL_SHA = 'c1fb7a9f14bb6e6d0d2ef9a2c4d7ab33b7a8f0d1';
const legs: StoredArtifact[] = [];
let azurite: Azurite;
let service: ActionsResults;
let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
let github: DescribedPosterApi;

/** A leg's report on its way: written, zipped and uploaded by GitHub's own library to a store of Azure's. */
async function uploaded(report: Report, leg: string): Promise<void> {
  const folder = join(temporary.path, leg);
  await mkdir(folder);
  await writeReports(report, folder, now);
  const env = {
    ...service.env({ run: 'run-1' }),
    ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'o/r', GITHUB_RUN_ID: String(RUN) },
    ...{ GITHUB_WORKSPACE: temporary.path, RUNNER_TEMP: temporary.path },
  };
  // The library reads the process's environment, and tells the job's log what it does.
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const name = artifactName({ tag: 'ayci', job: 'model', attempt: '1', of: leg });
  expect(await uploadReport(folder, { name, env })).toMatchObject({ warning: null });
  const kept = service.artifacts.find((one) => one.name === name);
  if (kept === undefined) throw new Error(`${name} was not kept`);
  legs.push({ id: kept.id, name, bytes: Buffer.alloc(0), listed: kept.size ?? 0, location: kept.url });
}

beforeAll(async () => {
  azurite = await startAzurite();
  service = await startActionsResults(azurite);
  temporary = await temporaryFolder();
  await uploaded(legReport('a.onnx', SLOWER), 'a');
  await uploaded(legReport('b.onnx', SAME), 'b');
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  const model = Buffer.from(tinyOnnx());
  github = await describedPosterApi({
    pulls: [PULL],
    runs: { [RUN]: legs },
    trees: {
      [HEAD_SHA]: [{ path: 'm.onnx', mode: '100644', type: 'blob', sha: MODEL_SHA, size: model.length }],
    },
    blobs: { [MODEL_SHA]: model },
  });
  github.api.github.head = HEAD_SHA;
});
afterAll(async () => {
  await github?.[Symbol.asyncDispose]();
  await temporary?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
  await azurite?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  github.api.github.comments.length = 0;
});

function client(): Promise<GithubClient> {
  return openClient({ token: 'secret-token', apiUrl: github.url });
}

describe("reports that GitHub's own library uploaded, over an API that GitHub's own description checks", () => {
  it.each([
    ['a fork’s run', 'workflow_run', workflowRun()],
    ['the legs of a run', 'pull_request', pullRequest()],
  ])('of %s are merged and posted', async (_name, event, payload) => {
    const settings = readPosterInputs({ 'INPUT_GITHUB-TOKEN': 'secret-token', INPUT_EXPECTED: 'a.onnx,b.onnx' });
    const situation = situationOf(jobEnvironment(event), payload);
    const options = { client: await client(), serverUrl: 'https://github.com', now };
    expect(await post(situation, settings, options)).toMatchObject({
      pull: 7,
      report: {
        verdict: 'regressed',
        models: [{ path: 'a.onnx' }, { path: 'b.onnx' }],
        run: { legs: { missing: [] } },
      },
      published: { action: 'created', warning: null },
    });
    expect(github.api.github.comments).toHaveLength(1);
  });
});

describe('a model of a pull request', () => {
  it('is asked for as GitHub describes it, and refused where its bytes are others', async () => {
    await using folder = await temporaryFolder();
    const request = { owner: 'o', repo: 'r', pull: 7, path: 'm.onnx', folder: folder.path };
    await expect(forkModel(await client(), request)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/came damaged/),
    });
    expect(github.api.requests.slice(-3)).toEqual([
      'GET /repos/o/r/pulls/7',
      `GET /repos/o/r/git/trees/${HEAD_SHA}`,
      `GET /repos/o/r/git/blobs/${MODEL_SHA}`,
    ]);
  });
});

it('the proxy refuses what GitHub would: the tests above prove something', async () => {
  const octokit = await client();
  const query = { owner: 'o', repo: 'r', state: 'sleeping' as 'open' };
  await expect(octokit.request('GET /repos/{owner}/{repo}/pulls', query)).rejects.toThrow('422');
});
