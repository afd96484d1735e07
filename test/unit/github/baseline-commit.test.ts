import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baselineCommit } from '../../../src/github/baseline/commit.ts';
import { openRepository, type Repository } from '../../../src/model/git-repository.ts';
import { type Event, githubEvent, pullRequestEvent, pushEvent } from '../../support/events.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { type CheckoutOptions, checkout, GIT_ENV, git, Origin } from '../../support/git-repo.ts';

const ZERO = '0'.repeat(40);
const rerun = (event: Event): Event => ({ ...event, env: { ...event.env, GITHUB_RUN_ATTEMPT: '2' } });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let origin: Origin;
let root: string;
let cut: string;
let second: string;
let tip: string;
let head: string;
let merge: string;
let clones = 0;

/** Main: root – cut – second – tip; the pull request was cut at `cut`; GitHub merged it with `tip`. */
beforeAll(async () => {
  folder = await temporaryFolder();
  origin = new Origin(folder.path);
  const m = (version: string, more = {}) => ({ 'm.onnx': `model ${version}`, ...more });
  root = origin.commit([], m('1'));
  cut = origin.commit([root], m('1', { a: '1' }));
  second = origin.commit([cut], m('2', { a: '1' }));
  tip = origin.commit([second], m('2', { a: '2' }));
  head = origin.commit([cut], m('1', { a: '1', b: '1' }));
  merge = origin.commit([tip, head], m('2', { a: '2', b: '1' }));
  origin.point('main', tip);
  origin.point('changes', head);
  origin.point('refs/pull/7/merge', merge);
});
afterAll(() => folder[Symbol.asyncDispose]());

async function clone(commit: string, options: CheckoutOptions = {}): Promise<Repository> {
  clones += 1;
  const at = checkout(origin, join(folder.path, `clone-${clones}`), commit, options);
  return (await openRepository(join(at, 'm.onnx'), { env: GIT_ENV })).repository;
}

const chosen = async ({ env, payload }: Event, repository: Repository | null) => {
  const found = await baselineCommit(env, payload, repository);
  return found.kind === 'commits' ? found.candidates.map(({ commit, how }) => [commit, how]) : found;
};

const CLONES: readonly [string, CheckoutOptions][] = [
  ['full', { depth: 0 }],
  ['of depth 1', { depth: 1 }],
  ['of depth 2', { depth: 2 }],
  ['without blobs', { depth: 0, filter: 'blob:none' }],
  ['without blobs, of depth 1', { depth: 1, filter: 'blob:none' }],
  ['without trees', { depth: 0, filter: 'tree:0' }],
];

describe.each(CLONES)('a pull request in a clone %s', (_, options) => {
  it('is judged by the base that GitHub merged it with, on a re-run too', async () => {
    const event = pullRequestEvent(merge, head, root);
    const repository = await clone(merge, options);
    expect(await chosen(event, repository)).toEqual([[tip, 'parent of the merge commit']]);
    expect(await chosen(rerun(event), repository)).toEqual([[tip, 'parent of the merge commit']]);
  });

  it('is judged by what it was cut from where its head is checked out', async () => {
    const event = pullRequestEvent(merge, head, root);
    expect(await chosen(event, await clone(head, options))).toEqual([[cut, 'merge base']]);
  });

  it('is not charged with what its head took over from the base since the event named one', async () => {
    const caughtUp = origin.commit([head, second], { 'm.onnx': 'model 2', a: '1', b: '1' });
    const event = pullRequestEvent(merge, caughtUp, root);
    expect(await chosen(event, await clone(caughtUp, options))).toEqual([[second, 'merge base']]);
  });
});

describe('a pull request', () => {
  it('whose head is itself a merge has the base as its other parent all the same', async () => {
    const own = origin.commit([head, second], { 'm.onnx': 'model 2', a: '1', b: '2' });
    const both = origin.commit([tip, own], { 'm.onnx': 'model 2', a: '2', b: '2' });
    expect(await chosen(pullRequestEvent(both, own, root), await clone(both))).toEqual([
      [tip, 'parent of the merge commit'],
    ]);
  });

  it('that was merged before a re-run with its head is judged as it was before', async () => {
    const own = new Origin(join(folder.path, 'merged'));
    const one = own.commit([], { 'm.onnx': '1' });
    const change = own.commit([one], { 'm.onnx': '2' });
    own.point('changes', change);
    own.point('main', own.commit([one, change], { 'm.onnx': '2' }));
    const at = checkout(own, join(folder.path, 'merged', 'clone'), change, { depth: 0 });
    const { repository } = await openRepository(join(at, 'm.onnx'), { env: GIT_ENV });
    expect(await chosen(rerun(pullRequestEvent(ZERO, change, one)), repository)).toEqual([[one, 'merge base']]);
  });

  it('that was closed by squashing is judged by the commit before it', async () => {
    const squashed = origin.commit([tip], { 'm.onnx': 'model 2', a: '2', b: '1' });
    expect(await chosen(pullRequestEvent(squashed, head, root), await clone(squashed))).toEqual([
      [tip, 'first parent'],
    ]);
  });

  it('without a checkout has the base of its event, said to be old', async () => {
    const { env, payload } = pullRequestEvent(merge, head, root);
    expect(await baselineCommit(env, payload, null)).toMatchObject({
      kind: 'commits',
      branch: 'main',
      candidates: [{ commit: root, how: 'base of the event', note: expect.stringContaining('may be older') }],
    });
  });

  it('whose remote is gone and whose clone is shallow has none, and says what to do', async () => {
    const gone = new Origin(join(folder.path, 'gone'));
    const one = gone.commit([], { 'm.onnx': '1' });
    const change = gone.commit([one], { 'm.onnx': '2' });
    gone.point('changes', change);
    const at = checkout(gone, join(folder.path, 'gone', 'clone'), change);
    git(at, ['remote', 'set-url', 'origin', `file://${folder.path}/nowhere`]);
    const { repository } = await openRepository(join(at, 'm.onnx'), { env: GIT_ENV });
    const { env, payload } = pullRequestEvent(ZERO, change, one);
    expect(await baselineCommit(env, payload, repository)).toEqual({
      kind: 'none',
      reason: expect.stringMatching(
        /^what \w{7} was cut from is not known \(.*nowhere.*\); check out with fetch-depth: 0/,
      ),
    });
  });
});

describe('a merge queue', () => {
  it('names its base', async () => {
    const group = origin.commit([tip, head], { 'm.onnx': 'model 2', a: '2', b: '1' }, 'group');
    const event = githubEvent('merge_group', group, ({ merge_group: at }) => {
      at.base_sha = tip;
      at.head_sha = group;
    });
    expect(await chosen(event, await clone(group))).toEqual([[tip, 'base of the merge group']]);
    const older = githubEvent('merge_group', group, ({ merge_group: at }) => delete at.base_sha);
    expect(await chosen(older, await clone(group))).toEqual([[tip, 'first parent']]);
    expect(await baselineCommit(older.env, older.payload, null)).toMatchObject({ kind: 'none' });
  });

  it('that is built as a push is judged by its parent', async () => {
    const group = origin.commit([tip, head], { 'm.onnx': 'model 2', a: '2', b: '1' }, 'queued');
    const env = { GITHUB_REF: 'refs/heads/gh-readonly-queue/main/pr-7-0' };
    expect(await chosen(pushEvent(ZERO, group, undefined, env), await clone(group))).toEqual([[tip, 'first parent']]);
  });
});

describe('a push', () => {
  it('is judged by what was there before', async () => {
    const event = pushEvent(cut, tip);
    expect(await chosen(event, await clone(tip))).toEqual([[cut, 'before the push']]);
    expect(await chosen(rerun(event), null)).toEqual([[cut, 'before the push']]);
  });

  it('of a new branch is judged by the parent, and by nothing where there is none', async () => {
    const env = { GITHUB_REF: 'refs/heads/changes' };
    expect(await chosen(pushEvent(ZERO, head, undefined, env), await clone(head))).toEqual([[cut, 'first parent']]);
    const { payload } = pushEvent(ZERO, root);
    expect(await baselineCommit({ ...pushEvent(ZERO, root).env }, payload, await clone(root))).toEqual({
      kind: 'none',
      reason: 'the branch is new',
    });
  });

  it('by force has the parent where what was there before is gone', async () => {
    const event = pushEvent('f'.repeat(40), tip, (payload) => {
      payload.forced = true;
    });
    expect(await chosen(event, await clone(tip))).toEqual([
      ['f'.repeat(40), 'before the push'],
      [second, 'first parent'],
    ]);
  });

  it('with something else than a commit in its event is judged by the parent', async () => {
    const event = pushEvent('--upload-pack=touch x', tip);
    expect(await chosen(event, await clone(tip))).toEqual([[second, 'first parent']]);
  });
});

describe('events that change nothing', () => {
  it.each(['schedule', 'workflow_dispatch', 'release', 'workflow_run'] as const)(
    '%s is judged by what the branch accepted last',
    async (name) => {
      expect(await chosen(githubEvent(name, tip), await clone(tip))).toEqual({
        kind: 'newest',
        branch: 'main',
        head: tip,
      });
    },
  );

  it('a tag too', async () => {
    const env = { GITHUB_REF: 'refs/tags/v1' };
    expect(await chosen(pushEvent(ZERO, tip, undefined, env), await clone(tip))).toMatchObject({ kind: 'newest' });
  });

  it('a schedule of an old server names its branch by its ref', async () => {
    const event = githubEvent('schedule', tip, (payload) => delete payload.repository);
    expect(await chosen(event, null)).toEqual({ kind: 'newest', branch: 'main', head: tip });
    const release = githubEvent('release', tip, (payload) => delete payload.repository);
    expect(await chosen(release, null)).toMatchObject({ kind: 'none' });
  });
});
