import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../scripts/build.mjs';
import { temporaryFolder } from '../support/folder.ts';
import { type PosterWorld, posterApi } from '../support/poster-api.ts';
import {
  artifactOf,
  HEAD_SHA,
  jobEnvironment,
  legReport,
  PULL,
  pullRequest,
  RUN,
  SAME,
  SLOWER,
  workflowRun,
} from '../support/poster-world.ts';
import { zipOf } from '../support/zip.ts';

let dist: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  dist = await temporaryFolder();
  await build(dist.path);
});
afterAll(() => dist[Symbol.asyncDispose]());

interface Job {
  readonly code: number | null;
  readonly stdout: string;
  readonly outputs: string;
  readonly summary: string;
  readonly comments: readonly string[];
}

/** Starts the sub-action as the runner does: inputs and files by environment, GitHub on loopback. */
async function job(
  world: PosterWorld,
  event: string,
  payload: unknown,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Job> {
  await using api = await posterApi({ pulls: [PULL], ...world });
  api.github.head = HEAD_SHA;
  await using folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  for (const name of ['outputs', 'summary']) await writeFile(at(name), '');
  await writeFile(at('event.json'), JSON.stringify(payload));
  const child = spawn(process.execPath, [join(dist.path, 'comment.js')], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: folder.path },
      ...jobEnvironment(event),
      ...{ GITHUB_API_URL: api.url, GITHUB_EVENT_PATH: at('event.json') },
      ...{ GITHUB_OUTPUT: at('outputs'), GITHUB_STEP_SUMMARY: at('summary') },
      // GitHub sets every input, those that were not given to their defaults.
      ...{ 'INPUT_GITHUB-TOKEN': 'secret-token', INPUT_ARTIFACT: 'ayci-report*', INPUT_EXPECTED: '' },
      ...{ INPUT_COMMENT: 'always', 'INPUT_COMMENT-TAG': 'ayci', 'INPUT_REQUESTS-PER-MONTH': '' },
      ...inputs,
    },
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [outputs, summary] = [await readFile(at('outputs'), 'utf8'), await readFile(at('summary'), 'utf8')];
  return { code, stdout, outputs, summary, comments: api.github.comments.map(({ body }) => body) };
}

const errors = (stdout: string): readonly string[] => stdout.split('\n').filter((line) => line.startsWith('::error'));
const output = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}<<(\\S+)\\n([^]*?)\\n\\1$`, 'm').exec(text)?.[2];
const slow = artifactOf(1, 'ayci-report-ayci-model-1-aaaaaaaaaaaa', legReport('a.onnx', SLOWER));
const same = artifactOf(2, 'ayci-report-ayci-model-1-bbbbbbbbbbbb', legReport('b.onnx', SAME));

describe('the sub-action comment', () => {
  it('posts what a fork’s run left, tells of it, and stays green', async () => {
    const done = await job({ runs: { [RUN]: [slow] } }, 'workflow_run', workflowRun());
    expect(errors(done.stdout)).toEqual([]);
    expect(done.code).toBe(0);
    expect(done.comments).toHaveLength(1);
    expect(done.comments[0]).toContain('❌');
    expect(output(done.outputs, 'verdict')).toBe('regressed');
    expect(output(done.outputs, 'pull-request')).toBe('7');
    expect(output(done.outputs, 'comment-url')).toMatch(/^https:\/\/github\.com\/o\/r\/pull\/7#issuecomment-\d+$/);
    expect(done.summary).toContain('a.onnx');
    const said = done.stdout.split('\n').filter((line) => !line.startsWith('::add-mask::'));
    expect(said.join('\n')).not.toMatch(/secret-token|signed-secret/);
    expect(done.stdout).toContain('::add-mask::secret-token');
  });

  it('is green and says why where there is nothing to post', async () => {
    const done = await job({ pulls: [], runs: { [RUN]: [slow] } }, 'workflow_run', workflowRun());
    expect(done).toMatchObject({ code: 0, comments: [], summary: '' });
    expect(done.stdout).toContain('Nothing posted: no open pull request has a1a1a1a1a1a1 as its head.');
    expect(output(done.outputs, 'verdict')).toBe('');
  });

  it.each([
    ['a wrong schema', artifactOf(1, 'ayci-report-x', { pull_request: 12 }), 'is not a report of AYCI'],
    [
      'a path that leads out',
      { ...slow, bytes: zipOf([{ name: '../../../etc/x', bytes: Buffer.from('x') }]) },
      'invalid relative path',
    ],
    [
      'a name that would be a command',
      artifactOf(1, 'ayci-report\n::set-output name=x::y', { schema: 1 }),
      'artifact ayci-report\\n::set-output name=x::y',
    ],
  ])('is red with one line, and posts nothing, of an artifact with %s', async (_name, artifact, part) => {
    const done = await job({ runs: { [RUN]: [artifact] } }, 'workflow_run', workflowRun());
    expect(done).toMatchObject({ code: 2, comments: [], summary: '', outputs: '' });
    expect(errors(done.stdout)).toEqual([expect.stringContaining(part)]);
    expect(done.stdout.split('\n').filter((line) => line.startsWith('::set-output'))).toEqual([]);
  });

  it('sums up the legs of a matrix: red where one regressed, with its line', async () => {
    const inputs = { INPUT_EXPECTED: 'a.onnx, b.onnx' };
    const done = await job({ runs: { [RUN]: [slow, same] } }, 'pull_request', pullRequest(), inputs);
    expect(done.code).toBe(1);
    expect(errors(done.stdout)).toEqual(['::error::a.onnx is 15.0 %25 slower (limit 5 %25) · 1 of 1 cell']);
    expect(done.comments).toHaveLength(1);
    expect(output(done.outputs, 'gate')).toBe('failed');
  });

  it('names a leg that is missing, in the comment and in its one line', async () => {
    const inputs = { INPUT_EXPECTED: 'a.onnx\nb.onnx' };
    const done = await job({ runs: { [RUN]: [same] } }, 'pull_request', pullRequest(), inputs);
    expect(done.code).toBe(3);
    expect(errors(done.stdout)).toEqual(['::error::no report of a.onnx']);
    expect(done.comments[0]).toContain('`a.onnx`');
  });

  it('is green where all legs passed, though it may not comment', async () => {
    const refuse = (method: string): number | null => (method === 'POST' ? 403 : null);
    const done = await job({ runs: { [RUN]: [same] }, refuse }, 'pull_request', pullRequest());
    expect(done).toMatchObject({ code: 0, comments: [] });
    expect(done.stdout).toMatch(/^::warning::.*pull-requests: write/m);
  });

  it.each([
    ['a misspelt input', 'workflow_run', { INPUT_COMENT: 'never' }, 2, 'Did you mean comment?'],
    ['pull_request_target', 'pull_request_target', {}, 2, 'got pull_request_target'],
    ['a payload of another event', 'workflow_run', {}, 3, 'GITHUB_EVENT_PATH'],
  ])('ends with one line for %s', async (_name, event, inputs, code, part) => {
    const done = await job({}, event, pullRequest(), inputs);
    expect(done.code).toBe(code);
    expect(errors(done.stdout)).toEqual([expect.stringContaining(part)]);
  });
});
