import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { saveCache } from '@actions/cache';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { appendHistory, readHistory } from '../../../src/archive/history.ts';
import { keepResults, readKnown } from '../../../src/archive/records.ts';
import { type ActionsResults, startActionsResults } from '../../support/actions-results.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { measurement } from '../../support/measurements.ts';
import { BASE, type Job, type JobOptions, startJob } from './job.ts';

const KEY = `${'a'.repeat(64)}-10`;

let azurite: Azurite;
let service: ActionsResults;
let root: string;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite[Symbol.asyncDispose]());

beforeEach(async () => {
  service = await startActionsResults(azurite);
  const folder = await temporaryFolder();
  root = folder.path;
  // The library tells the job's log what it does.
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return async () => {
    vi.unstubAllEnvs();
    await service[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
});

const job = (options?: JobOptions): Promise<Job> => startJob(root, service, options);

/** A job that restored what there is. */
async function started(options?: JobOptions): Promise<Job> {
  const one = await job(options);
  await one.restore();
  return one;
}

async function measure(one: Job, ...runs: readonly string[]): Promise<void> {
  const made = runs.map((run) => measurement([0.01, 0.02], { run }));
  await keepResults(one.store, one.scope, KEY, made);
}

/** A whole run: restores, measures, saves. */
async function run(name: string, options?: JobOptions): Promise<Job> {
  const one = await started(options);
  await measure(one, name);
  await one.save();
  return one;
}

async function known(one: Job): Promise<readonly string[]> {
  const { measurements, notes } = await readKnown(one.store, one.scope, KEY);
  expect(notes).toEqual([]);
  return measurements.map((made) => made.run).sort();
}

const saved = (): number => service.caches.filter((entry) => entry.size !== null).length;

describe('runs of the base branch', () => {
  it('find what earlier ones kept', async () => {
    const first = await started();
    expect(await known(first)).toEqual([]);
    await measure(first, 'one');
    await first.save();
    await run('two');

    const third = await started();

    expect(await known(third)).toEqual(['one', 'two']);
    expect(third.warnings).toEqual([]);
    expect(saved()).toBe(2);
    for (const entry of service.caches) expect(entry.key).toMatch(/^ayci-archive-1-linux-\w+-base-0000000[12]$/);
  });

  it('save nothing where nothing changed', async () => {
    await run('one');
    const again = await started();
    const before = service.called.length;
    await again.save();
    // The same measurement once more is no change.
    await measure(again, 'one');
    await again.save();

    expect(saved()).toBe(1);
    expect(service.called.slice(before)).toEqual([]);
  });

  it('keep large files of models, and their age', async () => {
    const first = await started();
    const model = join(root, 'm.onnx');
    await writeFile(model, Buffer.alloc(12_000_000, 7));
    await first.store.putFile(`${BASE.write}/models/${KEY}/m`, model);
    await first.save();

    const second = await started();

    expect(await second.store.getFile(`${BASE.write}/models/${KEY}/m`, join(root, 'copy'))).toBe(true);
    await second.save();
    expect(saved()).toBe(1);
  });

  it('leave nothing behind in the folder of the job but their own', async () => {
    await run('one');
    const left = await readdir(join(root, '_temp'));
    expect(left.filter((name) => name.startsWith('ayci-'))).toEqual([
      expect.stringMatching(/^ayci-archive-/),
      'ayci-cache',
    ]);
    expect(await readdir(join(root, '_temp', 'ayci-cache'))).toEqual([]);
  });
});

describe('pull requests', () => {
  it('read the base branch and their own, and are seen by nobody else', async () => {
    await run('base');
    await run('pull-1', { pull: 1 });

    expect(await known(await started({ pull: 1 }))).toEqual(['base', 'pull-1']);
    expect(await known(await started({ pull: 12 }))).toEqual(['base']);
    expect(await known(await started())).toEqual(['base']);
    expect(service.caches.map(({ scope, key }) => [scope, key.replace(/.*linux-\w+-/, '')])).toEqual([
      ['refs/heads/main', 'base-00000001'],
      ['refs/pull/1/merge', 'pr-1-00000001'],
    ]);
  });

  it('cannot reach the base branch by an entry under its name', async () => {
    await run('base');
    const key = service.caches[0]?.key ?? '';
    const forger = await job({ pull: 3 });
    const stage = join(root, '_temp', 'ayci-cache', 'base');
    await mkdir(join(stage, 'results'), { recursive: true });
    await writeFile(join(stage, 'results', `${KEY}.json`), 'forged');
    forger.enter();
    expect(await saveCache([stage], `${key}9`)).not.toBe(-1);

    const base = await started();

    expect(await known(base)).toEqual(['base']);
  });

  it('do not bring links or files that no archive makes', async () => {
    const stage = join(root, '_temp', 'ayci-cache', 'own');
    await mkdir(join(stage, 'results'), { recursive: true });
    const secret = join(root, 'secret');
    await writeFile(secret, 'secret');
    await writeFile(join(stage, 'results', 'good.json'), '{}');
    await writeFile(join(stage, 'results', 'bad name'), '{}');
    await symlink(secret, join(stage, 'results', `${KEY}.json`));
    await symlink(root, join(stage, 'models'));
    const forger = await job({ pull: 3 });
    forger.enter();
    await saveCache([stage], 'ayci-archive-1-linux-x64-pr-3-x'.replace('x64', process.arch));

    const one = await started({ pull: 3 });

    expect(await one.store.read('o/r/pr/results/good.json')).not.toBeNull();
    expect(await one.store.read(`o/r/pr/results/${KEY}.json`)).toBeNull();
    expect(await one.store.has('o/r/pr/models/secret')).toBe(false);
    expect(existsSync(secret)).toBe(true);
  });
});

describe('runs that end together', () => {
  it('lose nothing where another saved since the start', async () => {
    const slow = await started();
    await run('fast');
    await measure(slow, 'slow');
    await slow.save();

    expect(await known(await started())).toEqual(['fast', 'slow']);
  });

  it('lose nothing where another saves while one is being sent', async () => {
    await run('first');
    const [a, b] = [await started(), await started()];
    const entry = (commit: string, at: string) => ({ commit, key: KEY, verdict: 'pass' as const, accepted: true, at });
    await measure(a, 'a');
    await appendHistory(a.store, BASE, 'main', 'm.onnx', entry('a'.repeat(40), '2026-11-24T01:00:00.000Z'));
    await measure(b, 'b');
    await appendHistory(b.store, BASE, 'main', 'm.onnx', entry('b'.repeat(40), '2026-11-24T00:00:00.000Z'));
    service.before('CacheService/FinalizeCacheEntryUpload', () => b.save());
    await a.save();

    const later = await started();

    expect(await known(later)).toEqual(['a', 'b', 'first']);
    const { entries } = await readHistory(later.store, BASE, 'main', 'm.onnx');
    expect(entries.map(({ commit }) => commit[0])).toEqual(['b', 'a']);
    expect([...a.warnings, ...b.warnings]).toEqual([]);
  });

  it('lose nothing where another is later by a moment', async () => {
    await run('first');
    const [a, b] = [await started(), await started()];
    await measure(a, 'a');
    await measure(b, 'b');
    service.before('CacheService/CreateCacheEntry', () => b.save());
    await a.save();

    expect(await known(await started())).toEqual(['a', 'b', 'first']);
  });

  it('pass over the key of a run that was ended while it was sending', async () => {
    await run('first');
    const ended = await started();
    await measure(ended, 'ended');
    service.before('CacheService/FinalizeCacheEntryUpload', async () => service.fail(400));
    await ended.save();
    service.fail(null);
    expect(ended.warnings).toEqual([expect.stringMatching(/did not take what was measured/)]);
    expect(saved()).toBe(1);

    const next = await run('next');

    expect(next.warnings).toEqual([]);
    expect(await known(await started())).toEqual(['first', 'next']);
    expect(saved()).toBe(2);
  });

  it('lose nothing where many do', async () => {
    const jobs = [];
    for (let at = 0; at < 6; at += 1) jobs.push(await started());
    for (const [at, one] of jobs.entries()) await measure(one, `run-${at}`);
    // Each begins to save while the one before it has asked for a key.
    const [first, ...others] = jobs;
    const chain = (rest: readonly Job[]): void => {
      const [next, ...later] = rest;
      if (next === undefined) return;
      service.before('CacheService/CreateCacheEntry', async () => {
        chain(later);
        await next.save();
      });
    };
    chain(others);
    await first?.save();

    expect(await known(await started())).toEqual(jobs.map((_, at) => `run-${at}`));
  });

  it('save once where both kept the same', async () => {
    const [a, b] = [await started(), await started()];
    await measure(a, 'same');
    await measure(b, 'same');
    await b.save();
    await a.save();

    expect(saved()).toBe(1);
  });
});

describe('entries that cannot be read', () => {
  async function overwrite(bytes: Uint8Array): Promise<void> {
    const url = service.caches.at(-1)?.uploadUrl ?? '';
    const answer = await fetch(url, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body: bytes });
    expect(answer.status).toBe(201);
  }

  it.each([
    ['no archive', Buffer.from('garbage')],
    ['empty', Buffer.alloc(0)],
  ])('are passed over and left behind (%s)', async (_what, bytes) => {
    await run('one');
    await overwrite(bytes);

    const second = await run('two');

    expect(second.warnings).toEqual([
      expect.stringMatching(/^Archive: the cache entry ayci-archive-\S+ cannot be read/),
    ]);
    expect(await known(await started())).toEqual(['two']);
  });

  it('are not passed over half', async () => {
    const first = await started();
    await measure(first, 'one');
    const model = join(root, 'm.onnx');
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at * 7919) % 251));
    await writeFile(model, noise);
    for (const name of ['m1', 'm2', 'm3']) await first.store.putFile(`${BASE.write}/models/${KEY}/${name}`, model);
    await first.save();
    const whole = Buffer.from(await (await fetch(service.caches[0]?.url ?? '')).arrayBuffer());
    await overwrite(whole.subarray(0, Math.floor(whole.length / 2)));

    const second = await started();

    expect(await known(second)).toEqual([]);
    expect(await second.store.has(`${BASE.write}/models/${KEY}/m1`)).toBe(false);
  });
});

describe('without a cache', () => {
  it('warns once where the runner offers none, and goes on', async () => {
    const one = await job({ env: { ACTIONS_RUNTIME_TOKEN: '', ACTIONS_RESULTS_URL: '' } });
    await one.restore();
    await measure(one, 'one');
    await one.save();

    expect(await known(one)).toEqual(['one']);
    expect(one.warnings).toEqual([expect.stringMatching(/ACTIONS_RUNTIME_TOKEN and ACTIONS_RESULTS_URL are not set/)]);
    expect(service.called).toEqual([]);
  });

  it('warns on an Enterprise Server without one', async () => {
    const one = await started({ env: { GITHUB_SERVER_URL: 'https://github.example.com', ACTIONS_CACHE_URL: '' } });
    expect(one.warnings).toEqual([expect.stringMatching(/ACTIONS_CACHE_URL is not set/)]);
  });

  it('warns where the service does not answer, and goes on', async () => {
    await run('one');
    await service[Symbol.asyncDispose]();
    const second = await started();
    await measure(second, 'two');
    await second.save();

    expect(await known(second)).toEqual(['two']);
    expect(second.warnings).toEqual([expect.stringMatching(/did not take what was measured/)]);
  });

  it('warns where the token may only read, and reads', async () => {
    await run('one');
    const fork = await started({ pull: 9, readOnly: true });
    await measure(fork, 'two');
    await fork.save();

    expect(await known(fork)).toEqual(['one', 'two']);
    expect(fork.warnings).toEqual([expect.stringMatching(/did not take what was measured/)]);
    expect(saved()).toBe(1);
  });
});

describe('the size of an entry', () => {
  async function put(one: Job, key: string, bytes: number, seconds: number): Promise<void> {
    const source = join(root, 'object');
    await writeFile(source, Buffer.alloc(bytes, 1));
    await one.store.putFile(`${BASE.write}/${key}`, source);
    const path = new URL(await one.store.readUrl(`${BASE.write}/${key}`));
    await utimes(path, seconds, seconds);
  }

  it('is kept by removing the oldest of what can be made again, then models', async () => {
    const one = await started({ limit: 3_500_000 });
    await measure(one, 'one');
    await put(one, `models/${KEY}/old`, 1_000_000, 100);
    await put(one, `converted/${KEY}/onnx-x86_64-1/a`, 1_000_000, 300);
    await put(one, `converted/${KEY}/onnx-x86_64-2/a`, 1_000_000, 200);
    await put(one, `raw/${KEY}/run.json.gz`, 1_000_000, 400);
    await one.save();
    const second = await started({ limit: 1_500_000 });
    const has = (key: string) => second.store.has(`${BASE.write}/${key}`);

    expect(await has(`converted/${KEY}/onnx-x86_64-2/a`)).toBe(false);
    expect(await has(`converted/${KEY}/onnx-x86_64-1/a`)).toBe(true);
    expect(await has(`raw/${KEY}/run.json.gz`)).toBe(true);
    expect(await has(`models/${KEY}/old`)).toBe(true);
    expect(one.warnings).toEqual([]);

    await put(second, `models/${'b'.repeat(64)}-10/new`, 1_000_000, 500);
    await second.save();
    const third = await started();
    expect(await third.store.has(`${BASE.write}/models/${KEY}/old`)).toBe(false);
    expect(await third.store.has(`${BASE.write}/models/${'b'.repeat(64)}-10/new`)).toBe(true);
    expect(await third.store.has(`${BASE.write}/raw/${KEY}/run.json.gz`)).toBe(false);
    expect(second.warnings).toEqual([expect.stringMatching(/older models were removed/)]);
    expect(await known(third)).toEqual(['one']);
  });
});
