import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { squeezenet } from '../../../src/demo/squeezenet.ts';
import type { Report } from '../../../src/types/report.ts';
import { type ActionsResults, startActionsResults } from '../../support/actions-results.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { type Event, pullRequestEvent, pushEvent } from '../../support/events.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { checkout, Origin } from '../../support/git-repo.ts';
import { type DescribedGithubApi, startDescribedGithubApi } from '../../support/github-api-described.ts';
import { ROOT, ran } from '../../support/program.ts';

// A pull request as GitHub runs it: real clones, GitHub's API by its own description, artifacts and the cache in Azurite,
// models measured on this machine; nothing is told to the action but a model's path.

const MODEL = 'models/detector.onnx';
const HEAD = 'd'.repeat(40);

let github: DescribedGithubApi;
let azurite: Azurite;
let results: ActionsResults;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let origin: Origin;
const commits = { base: '', slower: '', same: '', strict: '', loose: '' };

beforeAll(async () => {
  [github, azurite, folder] = await Promise.all([startDescribedGithubApi(), startAzurite(), temporaryFolder()]);
  results = await startActionsResults(azurite);
  origin = new Origin(folder.path);
  commits.base = origin.commit([], { [MODEL]: squeezenet(0), 'README.md': '1' });
  origin.point('main', commits.base);
  const merge = (files: Record<string, string | Uint8Array>) =>
    origin.commit([commits.base, origin.commit([commits.base], files)], files);
  commits.slower = merge({ [MODEL]: squeezenet(3), 'README.md': '1' });
  commits.same = merge({ [MODEL]: squeezenet(0), 'README.md': '2' });
  const config = (limit: string) => `models:\n  - path: ${MODEL}\n    max-latency-regression: ${limit}\n`;
  const withConfig = (limit: string) => ({ [MODEL]: squeezenet(0), '.github/ayci.yml': config(limit) });
  commits.strict = origin.commit([commits.base], withConfig('5%'));
  const head = origin.commit([commits.strict], withConfig('50%'));
  commits.loose = origin.commit([commits.strict, head], withConfig('50%'));
  github.api.head = HEAD;
});
afterAll(async () => {
  await results?.[Symbol.asyncDispose]();
  await azurite?.[Symbol.asyncDispose]();
  await github?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

interface Job {
  readonly code: number | null;
  readonly stdout: string;
  readonly outputs: string;
  readonly summary: string;
  readonly report: Report;
}

let jobs = 0;

/** A job on a new machine, that checks out one commit; where things lie is the same on all of GitHub's. */
async function job(
  commit: string,
  event: Event,
  more: Readonly<Record<string, string>> = {},
  cancelAt: string | null = null,
): Promise<Job> {
  jobs += 1;
  const root = join(folder.path, 'runner');
  await rm(root, { recursive: true, force: true });
  const workspace = checkout(origin, join(root, 'work'), commit);
  const file = (name: string): string => join(root, name);
  await mkdir(file('temp'), { recursive: true });
  await writeFile(file('event.json'), JSON.stringify(event.payload));
  for (const name of ['outputs', 'summary']) await writeFile(file(name), '');
  const ref = event.env.GITHUB_REF ?? '';
  const env = {
    ...event.env,
    ...results.env({ run: String(jobs), scopes: [...new Set([ref, 'refs/heads/main'])] }),
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: String(1000 + jobs),
    GITHUB_EVENT_PATH: file('event.json'),
    GITHUB_API_URL: github.url,
    GITHUB_OUTPUT: file('outputs'),
    GITHUB_STEP_SUMMARY: file('summary'),
    GITHUB_WORKSPACE: workspace,
    GITHUB_JOB: 'model',
    RUNNER_TEMP: file('temp'),
    INPUT_MODEL: MODEL,
    'INPUT_GITHUB-TOKEN': 'ghs_of_the_job',
    ...more,
  };
  const { code, stdout } = await (cancelAt === null
    ? ran('action', [], workspace, env)
    : cancelled(workspace, env, cancelAt));
  const text = (path: string): Promise<string> => readFile(path, 'utf8');
  return {
    ...{ code, stdout },
    outputs: await text(file('outputs')),
    summary: await text(file('summary')),
    report: JSON.parse(await text(join(workspace, 'ayci-report', 'report.json'))) as Report,
  };
}

/** Runs the action as a job that is cancelled when it has said `at`: SIGINT, and SIGTERM 7.5 s later. */
async function cancelled(cwd: string, env: Readonly<Record<string, string>>, at: string) {
  const own = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env };
  const child = spawn(process.execPath, [`${ROOT}dist/action.js`], {
    cwd,
    env: own,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  let timer: NodeJS.Timeout | null = null;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (timer !== null || !stdout.includes(at)) return;
    child.kill('SIGINT');
    timer = setTimeout(() => child.kill('SIGTERM'), 7500);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (timer !== null) clearTimeout(timer);
  return { code, stdout };
}

function pullRequest(merge: string): Event {
  const event = pullRequestEvent(merge, HEAD, commits.base);
  event.payload.pull_request.head.repo = { full_name: 'o/r' };
  event.payload.pull_request.number = 7;
  return event;
}

describe('the action under GitHub, told nothing but the model', () => {
  it('on the base branch: measures and keeps it for pull requests', async () => {
    const first = await job(commits.base, pushEvent('0'.repeat(40), commits.base));
    expect(first.stdout).not.toMatch(/^::error/m);
    expect(first.code).toBe(0);
    expect(first.report.verdict).toBe('no-baseline');
    expect(first.report.run.notes.join()).toContain('No baseline, measured only');
    expect(results.caches.length).toBeGreaterThan(0);
    expect(github.api.comments).toEqual([]);
  });

  it('on a pull request that is slower: compares with its base, comments once, fails', async () => {
    const slower = await job(commits.slower, pullRequest(commits.slower), { 'INPUT_REQUESTS-PER-MONTH': '2000000' });
    expect(slower.code).toBe(1);
    expect(slower.report).toMatchObject({ verdict: 'regressed', gate: 'failed' });
    expect(slower.report.run.baseline).toMatchObject({ commit: commits.base, from: 'history' });
    expect(github.api.comments).toHaveLength(1);
    const [comment] = github.api.comments;
    expect(comment?.body).toMatch(/^<!-- ayci .*\n### ❌ `detector\.onnx` is \d+(\.\d)? % slower/);
    expect(slower.outputs).toContain('comment-url');
    expect(slower.outputs).toMatch(
      /artifact-url<<(\S+)\nhttps:\/\/github\.com\/o\/r\/actions\/runs\/\d+\/artifacts\/\d+\n\1/,
    );
    expect(slower.summary).toContain('detector.onnx');
    expect(results.artifacts.map(({ name }) => name).filter((name) => name.startsWith('ayci-report-'))).not.toEqual([]);
    expect(slower.stdout).not.toMatch(/(?<!::add-mask::)ghs_of_the_job/);
  });

  it('on the same pull request mended: measures nothing, and clears the comment to green', async () => {
    const mended = await job(commits.same, pullRequest(commits.same));
    expect(mended.code).toBe(0);
    expect(mended.report).toMatchObject({ verdict: 'pass', run: { calls: 0 } });
    expect(github.api.comments).toHaveLength(1);
    expect(github.api.comments[0]?.body).toMatch(/^<!-- ayci .*\n### ✅ /);
  });

  it('where it may not comment: warns, with the mend, and stays as red as it was', async () => {
    github.api.fault = ({ method }) =>
      method === 'POST' || method === 'PATCH'
        ? { status: 403, body: { message: 'Resource not accessible by integration' } }
        : null;
    const refused = await job(commits.slower, pullRequest(commits.slower));
    github.api.fault = () => null;
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^::warning::.*pull-requests: write/m);
    const never = await job(commits.slower, pullRequest(commits.slower), { INPUT_COMMENT: 'never' });
    expect(never.code).toBe(1);
    expect(github.api.comments).toHaveLength(1);
    expect(github.api.comments[0]?.body).toContain('### ✅ ');
  });

  it('cancelled half-way: keeps what is measured, in the report and for the next run', async () => {
    const event = pushEvent(commits.base, commits.slower);
    const sizes = { INPUT_BATCH: '4,2,3' };
    const half = await job(commits.slower, event, sizes, '[2/3]');
    expect(half.code).toBe(3);
    expect(half.report.error?.code).toBe('interrupted');
    const measured = half.report.models[0]?.cells.filter((cell) => cell.status === 'measured') ?? [];
    expect(measured.length).toBeGreaterThanOrEqual(1);
    expect(half.summary).toContain('interrupted');
    const next = await job(commits.slower, event, sizes);
    expect(next.report.run.reused).toBe(measured.length);
    expect(next.report.error).toBeNull();
  });

  it('whose own configuration is looser than its base: says so first, and `gate-config: base` takes the base', async () => {
    const event = pullRequestEvent(commits.loose, HEAD, commits.strict);
    event.payload.pull_request.head.repo = { full_name: 'o/r' };
    event.payload.pull_request.number = 7;
    const given = { INPUT_CONFIG: '.github/ayci.yml', INPUT_MODEL: '' };
    const own = await job(commits.loose, event, given);
    expect(own.stdout).not.toMatch(/^::error/m);
    expect(own.report.run.gateChanges).toEqual([expect.stringMatching(/latency limit 5 % → 50 %/)]);
    expect(github.api.comments[0]?.body).toMatch(/^<!-- ayci .*\n⚠️ .*changes its own gate.*5 % → 50 %/);
    const base = await job(commits.loose, event, { ...given, 'INPUT_GATE-CONFIG': 'base' });
    expect(base.report.run.gateChanges).toEqual([]);
    event.payload.pull_request.head.repo = { full_name: 'stranger/r' };
    const fork = await job(commits.loose, event, given);
    expect(fork.report.run.gateChanges).toEqual([]);
    expect(fork.code).toBe(0);
  });
});
