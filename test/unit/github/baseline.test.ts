import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../src/archive/history.ts';
import { type GithubBaseline, githubBaseline, workflowGit } from '../../../src/github/baseline/index.ts';
import { loadFromGit } from '../../../src/model/git.ts';
import { loadModel } from '../../../src/model/load.ts';
import { type Event, githubEvent, pullRequestEvent, pushEvent } from '../../support/events.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { gitServer } from '../../support/git-http.ts';
import { type CheckoutOptions, checkout, type Files, GIT_ENV, git, Origin } from '../../support/git-repo.ts';
import { tinyOnnx } from '../../support/onnx.ts';

const onnx = (version: string, external: readonly string[] = []) =>
  tinyOnnx({ inputs: [{ name: 'x', dims: [`N${version}`, 3] }], external });
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const keyOf = (bytes: Uint8Array) => `${sha256(bytes)}-${bytes.length}`;
const pointer = (bytes: Uint8Array) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${bytes.length}\n`;
const dvc = (bytes: Uint8Array) =>
  `outs:\n- md5: ${createHash('md5').update(bytes).digest('hex')}\n  size: ${bytes.length}\n  hash: md5\n  path: m.onnx\n`;
const entry = (commit: string, key: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  commit,
  key,
  verdict: 'pass',
  accepted: true,
  at: '2026-01-01T00:00:00.000Z',
  ...more,
});

const OLD = onnx('1');
const MAIN = onnx('2');
const NEW = onnx('3');
const PATH = 'models/a b/m.onnx';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let made = 0;
/** Git and nothing beside it: git-lfs is not found there. */
let bare: string;
const hasLfs = (() => {
  try {
    git('/', ['lfs', 'version']);
    return true;
  } catch {
    console.warn('git-lfs is not installed: what it brings is not tested');
    return false;
  }
})();

beforeAll(async () => {
  folder = await temporaryFolder();
  bare = join(folder.path, 'bin');
  await mkdir(bare);
  symlinkSync('/usr/bin/git', join(bare, 'git'));
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Story {
  readonly origin: Origin;
  /** The pull request's event. */
  readonly event: Event;
  readonly ancestor: string;
  readonly base: string;
  readonly merge: string;
}

/** Main has `files(MAIN)`, after an ancestor with `files(OLD)`; the pull request makes it `files(change)`. */
function story(files: (model: Uint8Array) => Files, change: Uint8Array = NEW, old: Uint8Array = OLD): Story {
  made += 1;
  const origin = new Origin(join(folder.path, `story-${made}`));
  const ancestor = origin.commit([], { readme: '1', ...files(old) });
  const base = origin.commit([ancestor], { readme: '2', ...files(MAIN) });
  const head = origin.commit([ancestor], { readme: '1', pull: '1', ...files(change) });
  const merge = origin.commit([base, head], { readme: '2', pull: '1', ...files(change) });
  origin.point('main', base);
  origin.point('refs/pull/7/merge', merge);
  return { origin, event: pullRequestEvent(merge, head, ancestor), ancestor, base, merge };
}

function clone({ origin, merge }: Story, options: CheckoutOptions = {}): string {
  made += 1;
  return join(checkout(origin, join(folder.path, `clone-${made}`), merge, options), PATH);
}

interface Archive {
  readonly history?: readonly HistoryEntry[];
  readonly models?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly token?: string;
}

async function ask(path: string, event: Event, { history = [], models, env = {}, token }: Archive = {}) {
  return githubBaseline(path, {
    env: { ...GIT_ENV, ...event.env, ...env },
    payload: event.payload,
    token: token ?? null,
    history: async (branch) => (branch === 'main' ? history : []),
    has: async (key) => (models ?? history.map((one) => one.key)).includes(key),
  });
}

/** The key of the model that a choice leads to. */
async function keyBy(found: GithubBaseline, path: string, env: Readonly<Record<string, string>> = {}) {
  const { ref } = found;
  if (ref === null) return null;
  if (ref.kind === 'key') return ref.key;
  if (ref.kind === 'path') return (await loadModel(ref.path, '--baseline')).key;
  made += 1;
  const into = join(folder.path, `into-${made}`);
  await mkdir(into);
  return (await loadFromGit(ref.ref, path, into, '--baseline', { env: { ...GIT_ENV, ...env } }))?.key ?? null;
}

const plain = (model: Uint8Array): Files => ({ [PATH]: model });
const CLONES: readonly [string, CheckoutOptions][] = [
  ['full', { depth: 0 }],
  ['of depth 1', { depth: 1 }],
  ['of depth 2', { depth: 2 }],
  ['without blobs', { depth: 0, filter: 'blob:none' }],
  ['without blobs, of depth 1', { depth: 1, filter: 'blob:none' }],
  ['without trees', { depth: 0, filter: 'tree:0' }],
];

describe.each(CLONES)('in a clone %s', (_, options) => {
  it('the baseline is the model of the base commit, by git and by the history', async () => {
    const told = story(plain);
    const path = clone(told, options);
    const found = await ask(path, told.event);
    expect(found).toMatchObject({ ref: { kind: 'git', ref: told.base }, commit: told.base, from: 'git', note: null });
    expect(await keyBy(found, path)).toBe(keyOf(MAIN));
    const history = [entry(told.ancestor, keyOf(OLD)), entry(told.base, keyOf(MAIN))];
    const known = await ask(path, told.event, { history });
    expect(known).toMatchObject({ ref: { kind: 'key', key: keyOf(MAIN) }, commit: told.base, from: 'history' });
  });

  it('a model that the pull request does not touch is its own baseline', async () => {
    const told = story(plain, MAIN);
    const path = clone(told, options);
    expect(await ask(path, told.event)).toMatchObject({ ref: { kind: 'path', path }, commit: told.base, note: null });
  });

  it('external data come along, and count', async () => {
    const model = onnx('e', ['w.bin']);
    const told = story((version) => ({ [PATH]: model, 'models/a b/w.bin': version.slice(5) }));
    const path = clone(told, options);
    const found = await ask(path, told.event);
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
    const same = story(() => ({ [PATH]: model, 'models/a b/w.bin': MAIN.slice(5) }));
    const untouched = clone(same, options);
    expect((await ask(untouched, same.event)).ref?.kind).toBe('path');
    expect(await keyBy(found, path)).toBe((await loadModel(untouched, '--model')).key);
  });
});

describe('a branch that was cut before main changed the model', () => {
  it('and does not touch it itself is its own baseline, merged or not', async () => {
    const { origin, ancestor, base } = story(plain);
    const head = origin.commit([ancestor], { readme: '1', pull: '1', ...plain(OLD) });
    const merge = origin.commit([base, head], { readme: '2', pull: '1', ...plain(MAIN) });
    const event = pullRequestEvent(merge, head, ancestor);
    const history = [entry(ancestor, keyOf(OLD)), entry(base, keyOf(MAIN), { verdict: 'regressed', accepted: false })];
    for (const [out, depth, commit, key] of [
      [merge, 1, base, keyOf(MAIN)],
      [head, 0, ancestor, keyOf(OLD)],
    ] as const) {
      made += 1;
      const path = join(checkout(origin, join(folder.path, `clone-${made}`), out, { depth }), PATH);
      expect(await ask(path, event)).toMatchObject({ ref: { kind: 'path', path }, commit });
      expect(await ask(path, event, { history })).toMatchObject({ ref: { kind: 'key', key }, commit });
      expect((await loadModel(path, '--model')).key).toBe(key);
    }
  });
});

describe('what the archive knows', () => {
  it('is asked first: no clone, no credentials, no file are needed for a commit that was recorded', async () => {
    const told = story(plain);
    const path = clone(told);
    git(dirname(path), ['remote', 'set-url', 'origin', 'file:///nowhere']);
    const history = [entry(told.base, keyOf(MAIN))];
    expect((await ask(path, told.event, { history })).ref).toEqual({ kind: 'key', key: keyOf(MAIN) });
    const none = await ask(path, told.event);
    expect(none).toMatchObject({ ref: null, commit: told.base });
    expect(none.note).toMatch(
      /^No baseline, measured only: \w{7} is not in this clone .* fetch-depth: 2, or let actions/,
    );
  });

  it('counts only where it still has the model', async () => {
    const told = story(plain);
    const path = clone(told, { depth: 2 });
    const found = await ask(path, told.event, { history: [entry(told.base, keyOf(MAIN))], models: [] });
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
  });

  it('of an ancestor never stands in for a file that git has', async () => {
    const told = story(plain);
    const found = await ask(clone(told, { depth: 2 }), told.event, { history: [entry(told.ancestor, keyOf(OLD))] });
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
  });

  it('of a stale base without any repository is taken, and said to be stale', async () => {
    const told = story(plain);
    made += 1;
    const alone = join(folder.path, `alone-${made}`);
    mkdirSync(alone);
    writeFileSync(join(alone, 'm.onnx'), NEW);
    const history = [entry(told.ancestor, keyOf(OLD))];
    const found = await ask(join(alone, 'm.onnx'), told.event, { history });
    expect(found).toMatchObject({ ref: { kind: 'key', key: keyOf(OLD) }, how: 'base of the event' });
    expect(found.note).toContain('may be older than it should be');
    expect((await ask(join(alone, 'm.onnx'), told.event)).note).toMatch(
      /^No baseline, measured only: .*not a git repo/,
    );
  });

  it('is all there is where git is missing', async () => {
    const told = story(plain);
    const path = clone(told);
    const env = { PATH: '/nonexistent' };
    const found = await ask(path, told.event, { env });
    expect(found.ref).toBeNull();
    expect(found.note).toMatch(/^No baseline, measured only: .*git cannot be started/);
  });
});

describe('a model that is new', () => {
  it('has no baseline', async () => {
    const told = story((model) => (model === NEW ? plain(model) : {}));
    const found = await ask(clone(told, { depth: 2 }), told.event);
    expect(found).toMatchObject({ ref: null, commit: told.base });
    expect(found.note).toMatch(/^No baseline, measured only: the model is not in \w{7}: it is new\.$/);
  });

  it('has none where a symbolic link lay there before', async () => {
    const told = story(plain);
    const path = clone(told, { depth: 0 });
    const repository = git(dirname(path), ['rev-parse', '--show-toplevel']);
    git(repository, ['checkout', '-q', told.base]);
    git(repository, ['rm', '-q', PATH]);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync('/etc/passwd', path);
    git(repository, ['add', '-A']);
    git(repository, ['commit', '-qm', 'link']);
    const linked = git(repository, ['rev-parse', 'HEAD']);
    git(repository, ['checkout', '-q', '--detach', told.merge]);
    const found = await ask(path, pushEvent(linked, told.merge));
    expect(found.note).toContain('is a symbolic link there');
    await expect(loadFromGit(linked, path, folder.path, '--baseline')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('symbolic link'),
    });
  });
});

describe('a model that git does not keep', () => {
  it.each(CLONES)(
    'is judged by what the nearest recorded ancestor of the base built, in a clone %s',
    async (_, options) => {
      const told = story(() => ({}));
      const path = clone(told, options);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, NEW);
      const exact = [entry(told.ancestor, keyOf(OLD)), entry(told.base, keyOf(MAIN))];
      expect(await ask(path, told.event, { history: exact })).toMatchObject({ ref: { key: keyOf(MAIN) }, note: null });
      const found = await ask(path, told.event, { history: exact.slice(0, 1) });
      expect(found.ref).toEqual({ kind: 'key', key: keyOf(OLD) });
      expect(found.note).toMatch(/judged by \w{7}, 1 commit before \w{7}; what came between counts as this change's/);
      expect((await ask(path, told.event)).note).toMatch(/^No baseline, measured only: git does not keep the model/);
    },
  );
});

describe('Git LFS', () => {
  const lfs = (model: Uint8Array): Files => ({ [PATH]: pointer(model) });
  const smudged = (told: Story, model: Uint8Array, options: CheckoutOptions = {}) => {
    const path = clone(told, options);
    writeFileSync(path, model);
    return path;
  };
  /** Puts a content where Git LFS keeps it in a repository. */
  const keep = (gitFolder: string, model: Uint8Array) => {
    const oid = sha256(model);
    const at = join(gitFolder, 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4));
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, oid), model);
  };

  it.each(CLONES)('the pointer tells the key, in a clone %s', async (_, options) => {
    const told = story(lfs);
    const path = smudged(told, NEW, options);
    const found = await ask(path, told.event, { models: [keyOf(MAIN)], env: { PATH: bare } });
    expect(found.ref).toEqual({ kind: 'key', key: keyOf(MAIN) });
  });

  it('a model that is not touched is its own baseline, nothing is downloaded', async () => {
    const told = story(lfs, MAIN);
    const path = smudged(told, MAIN);
    expect((await ask(path, told.event, { env: { PATH: bare } })).ref).toEqual({ kind: 'path', path });
  });

  it('what the clone keeps is taken without git-lfs', async () => {
    const told = story(lfs);
    const path = smudged(told, NEW);
    keep(git(dirname(path), ['rev-parse', '--absolute-git-dir']), MAIN);
    const env = { PATH: bare };
    const found = await ask(path, told.event, { env });
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
    expect(await keyBy(found, path, env)).toBe(keyOf(MAIN));
  });

  it('without git-lfs and without a copy there is none, and the reason says what to do', async () => {
    const told = story(lfs);
    const path = smudged(told, NEW);
    const found = await ask(path, told.event, { env: { PATH: bare } });
    expect(found.note).toMatch(/^No baseline, measured only: .*git-lfs is not installed.*lfs: true/);
    const gone = loadFromGit(told.base, path, folder.path, '--baseline', { env: { ...GIT_ENV, PATH: bare } });
    await expect(gone).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('git-lfs is not installed'),
    });
  });

  it.skipIf(!hasLfs)('git-lfs brings it from the remote', async () => {
    const told = story(lfs);
    keep(told.origin.path, MAIN);
    const path = smudged(told, NEW);
    const found = await ask(path, told.event);
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
    expect(await keyBy(found, path, { HOME: folder.path })).toBe(keyOf(MAIN));
  });

  it.skipIf(!hasLfs)('what the remote lost is an error that says so', async () => {
    const told = story(lfs);
    const path = smudged(told, NEW);
    await expect(keyBy(await ask(path, told.event), path, { HOME: folder.path })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/cannot be had: Git LFS did not bring it/),
    });
  });
});

describe('DVC', () => {
  const kept = (model: Uint8Array): Files => ({ [`${PATH}.dvc`]: dvc(model), 'models/a b/.gitignore': '/m.onnx\n' });
  const pulled = (told: Story, model: Uint8Array) => {
    const path = clone(told, { depth: 1 });
    writeFileSync(path, model);
    return path;
  };

  it('a model that is not touched is its own baseline', async () => {
    const told = story(kept, MAIN);
    const path = pulled(told, MAIN);
    expect((await ask(path, told.event)).ref).toEqual({ kind: 'path', path });
  });

  it('an ancestor with the same pointer tells the key, one with another does not', async () => {
    const same = story(kept, NEW, MAIN);
    const history = [entry(same.ancestor, keyOf(MAIN))];
    expect((await ask(pulled(same, NEW), same.event, { history })).ref).toEqual({ kind: 'key', key: keyOf(MAIN) });
    const other = story(kept);
    const found = await ask(pulled(other, NEW), other.event, { history: [entry(other.ancestor, keyOf(OLD))] });
    expect(found.note).toMatch(/^No baseline, measured only: \w{7}: DVC keeps the model.*dvc get/);
  });
});

describe('credentials', () => {
  const TOKEN = 'ghs_secret';
  const basic = (token: string) => `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;

  it('of the action are used where the checkout kept none, and never shown', async () => {
    const told = story(plain);
    await using server = await gitServer(told.origin.path, basic(TOKEN));
    const path = clone(told, { depth: 1 });
    git(dirname(path), ['remote', 'set-url', 'origin', server.url]);
    const env = { GITHUB_SERVER_URL: server.server };
    const refused = await ask(path, told.event, { env });
    expect(refused.note).toMatch(/^No baseline, measured only: .*could not read Username/);
    const wrong = await ask(path, told.event, { env, token: 'other' });
    expect(wrong).toEqual(refused);
    const found = await ask(path, told.event, { env, token: TOKEN });
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
    expect(server.authorizations).toContain(basic(TOKEN));
    expect(git(dirname(path), ['config', '--list'])).not.toContain('extraheader');
  });

  it('bring what a partial clone left out', async () => {
    const told = story(plain);
    await using server = await gitServer(told.origin.path, basic(TOKEN));
    const path = clone(told, { depth: 0, filter: 'blob:none' });
    git(dirname(path), ['remote', 'set-url', 'origin', server.url]);
    const env = { ...GIT_ENV, GITHUB_SERVER_URL: server.server };
    const refused = await ask(path, told.event, { env });
    expect(refused.note).toMatch(/^No baseline, measured only: .*the clone left the model out/);
    // Its trees still tell that a recorded ancestor has the same file.
    const same = story(plain, NEW, MAIN);
    const other = clone(same, { depth: 0, filter: 'blob:none' });
    git(dirname(other), ['remote', 'set-url', 'origin', server.url]);
    const history = [entry(same.ancestor, keyOf(MAIN))];
    expect((await ask(other, same.event, { env, history })).ref).toEqual({ kind: 'key', key: keyOf(MAIN) });
    const found = await ask(path, told.event, { env, token: TOKEN });
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
    const into = join(folder.path, 'with-token');
    await mkdir(into);
    const model = await loadFromGit(told.base, path, into, '--baseline', workflowGit(env, TOKEN));
    expect(model?.key).toBe(keyOf(MAIN));
  });
});

describe('a run that changes nothing', () => {
  it('is judged by what the branch accepted last before it, on a second run and a re-run too', async () => {
    const told = story(plain);
    const path = clone(told, { depth: 0 });
    const event = githubEvent('schedule', told.merge);
    const before = [
      entry(told.ancestor, keyOf(OLD)),
      entry(told.base, keyOf(MAIN), { verdict: 'regressed', accepted: false, against: keyOf(OLD) }),
    ];
    const expected = { ref: { kind: 'key', key: keyOf(OLD) }, commit: told.ancestor, how: 'newest of the history' };
    expect(await ask(path, event, { history: before })).toMatchObject(expected);
    const after = [...before, entry(told.merge, keyOf(NEW)), entry('f'.repeat(40), keyOf(NEW))];
    expect(await ask(path, event, { history: after })).toMatchObject(expected);
    const first = await ask(path, event);
    expect(first.note).toMatch(/^No baseline, measured only: the archive knows no accepted model of main/);
  });

  it('is not judged by commits that came after it', async () => {
    const told = story(plain);
    const path = clone(told, { depth: 0 });
    git(dirname(path), ['checkout', '-q', '--detach', told.base]);
    writeFileSync(path, MAIN);
    const history = [entry(told.ancestor, keyOf(OLD)), entry(told.merge, keyOf(NEW))];
    const found = await ask(path, githubEvent('release', told.base), { history });
    expect(found).toMatchObject({ ref: { kind: 'key', key: keyOf(OLD) }, commit: told.ancestor });
  });
});

describe('a push', () => {
  it('of several commits is judged by what was there before all of them', async () => {
    const told = story(plain);
    const path = clone(told, { depth: 1 });
    expect(await ask(path, pushEvent(told.ancestor, told.merge))).toMatchObject({
      ref: { kind: 'git', ref: told.ancestor },
      how: 'before the push',
    });
  });

  it('by force whose former commit the server forgot is judged by the parent, and says so', async () => {
    const told = story(plain);
    const path = clone(told, { depth: 1 });
    const forced = pushEvent('f'.repeat(40), told.merge, (payload) => {
      payload.forced = true;
    });
    const found = await ask(path, forced);
    expect(found).toMatchObject({ ref: { kind: 'git', ref: told.base }, how: 'first parent' });
    expect(found.note).toBe('Baseline: what was there before, fffffff, cannot be had: by the parent.');
  });
});

describe('a checkout that another user made', () => {
  it.skipIf(process.getuid?.() !== 0)('is read where it is the workspace', async () => {
    const told = story(plain);
    const path = clone(told, { depth: 2 });
    const top = git(dirname(path), ['rev-parse', '--show-toplevel']);
    const { execFileSync } = await import('node:child_process');
    execFileSync('chown', ['-R', '4321:4321', top]);
    expect((await ask(path, told.event)).note).toContain('dubious ownership');
    const found = await ask(path, told.event, { env: { GITHUB_WORKSPACE: top } });
    expect(found.ref).toEqual({ kind: 'git', ref: told.base });
  });
});
