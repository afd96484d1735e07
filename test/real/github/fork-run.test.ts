import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { squeezenet } from '../../../src/demo/squeezenet.ts';
import type { Report } from '../../../src/types/report.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { posterApi } from '../../support/poster-api.ts';
import { HEAD_SHA } from '../../support/poster-world.ts';
import { ran } from '../../support/program.ts';

const MODELS = 'b'.repeat(40);
const MODEL = Buffer.from(squeezenet(3));
const SHA = createHash('sha1').update(`blob ${MODEL.length}\0`).update(MODEL).digest('hex');
const TREES = {
  [HEAD_SHA]: [{ path: 'models', mode: '040000', type: 'tree', sha: MODELS }],
  [MODELS]: [{ path: 'detector.onnx', mode: '100644', type: 'blob', sha: SHA, size: MODEL.length }],
};

interface Asked {
  readonly event: string;
  readonly ref?: string;
}

/** The action as a maintainer starts it for pull request 7, on a checkout of main. */
async function maintained({ event, ref = 'refs/heads/main' }: Asked) {
  await using folder = await temporaryFolder();
  await using api = await posterApi({ trees: TREES, blobs: { [SHA]: MODEL } });
  api.github.head = HEAD_SHA;
  const file = (name: string): string => join(folder.path, name);
  await mkdir(file('models'));
  await writeFile(file('models/detector.onnx'), squeezenet(0));
  await writeFile(file('event.json'), JSON.stringify({ repository: { full_name: 'o/r', default_branch: 'main' } }));
  const { code, stdout } = await ran('action', [], folder.path, {
    GITHUB_ACTIONS: 'true',
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_EVENT_NAME: event,
    GITHUB_EVENT_PATH: file('event.json'),
    GITHUB_REF: ref,
    GITHUB_SHA: 'c'.repeat(40),
    GITHUB_RUN_ID: '12',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_API_URL: api.url,
    INPUT_MODEL: 'models/detector.onnx',
    INPUT_ARCHIVE: 'archive',
    'INPUT_GITHUB-TOKEN': 'ghs_of_the_job',
    'INPUT_PULL-REQUEST': '7',
  });
  const report = await readFile(file('ayci-report/report.json'), 'utf8').then(
    (text) => JSON.parse(text) as Report,
    () => null,
  );
  const kept = await readFile(file(`archive/o/r/pr/models/${report?.models[0]?.key}/manifest%.json`), 'utf8').catch(
    () => null,
  );
  return { code, stdout, report, kept, comments: [...api.github.comments], requests: [...api.requests] };
}

describe("a maintainer's run for a fork's pull request", () => {
  it("measures the fork's model against main's, as data, keeps it under pr/ and tells the pull request", async () => {
    const { code, report, kept, comments } = await maintained({ event: 'workflow_dispatch' });
    expect(code).toBe(1);
    expect(report).toMatchObject({ verdict: 'regressed', error: null });
    expect(report?.models[0]?.path).toBe('models/detector.onnx');
    expect(report?.run.commit).toBe(HEAD_SHA);
    expect(kept).not.toBeNull();
    expect(comments.map(({ body }) => body)).toEqual([
      expect.stringMatching(new RegExp(`^<!-- ayci .*${HEAD_SHA}.*\\n### ❌ \`detector\\.onnx\` is `)),
    ]);
  });

  it.each([
    ['a pull request', { event: 'pull_request' }],
    ['another branch', { event: 'workflow_dispatch', ref: 'refs/heads/feature' }],
  ])('is refused under %s', async (_, asked) => {
    const { code, stdout, report, requests } = await maintained(asked);
    expect(code).toBe(2);
    expect(stdout).toContain('expected workflow_dispatch on the default branch');
    expect(report).toBeNull();
    expect(requests).toEqual([]);
  });
});
