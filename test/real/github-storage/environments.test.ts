import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { withEnvironments } from '../../../src/github/cache/index.ts';
import type { Target } from '../../../src/ports.ts';
import { type ActionsResults, startActionsResults } from '../../support/actions-results.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { type Job, type JobOptions, startJob } from './job.ts';

let azurite: Azurite;
let service: ActionsResults;
let root: string;
let envs: string;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite[Symbol.asyncDispose]());

beforeEach(async () => {
  service = await startActionsResults(azurite);
  const folder = await temporaryFolder();
  root = folder.path;
  envs = join(root, '.cache', 'ayci', 'envs');
  await lock('onnx', 'onnxruntime==1.32.0');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return async () => {
    vi.unstubAllEnvs();
    await service[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
});

const job = (options?: JobOptions): Promise<Job> => startJob(root, service, options);

async function lock(runtime: string, requirements: string): Promise<void> {
  await mkdir(join(root, 'runtimes', runtime), { recursive: true });
  await writeFile(join(root, 'runtimes', runtime, 'requirements.txt'), requirements);
}

/** What matters of a virtual environment: a program, a link, and the mark of one that is whole. */
async function make(name: string): Promise<void> {
  const bin = join(envs, name, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'tool'), '#!/bin/sh\n');
  await chmod(join(bin, 'tool'), 0o755);
  await symlink('/usr/bin/python3', join(bin, 'python'));
  await writeFile(join(envs, name, 'ayci-environment.json'), '{}');
}

/** The next job is on another machine. */
const newMachine = (): Promise<void> => rm(join(root, '.cache'), { recursive: true, force: true });

const NAME = 'onnx-cp312-0123456789ab';

async function kept(...names: readonly string[]): Promise<void> {
  const first = await job();
  await first.environments.restore();
  for (const name of names) await make(name);
  await first.environments.save();
  await newMachine();
}

describe('environments of the runtimes', () => {
  it('come back with their programs and links', async () => {
    await kept(NAME);

    await (await job()).environments.restore();

    expect(await readdir(envs)).toEqual([NAME]);
    expect((await stat(join(envs, NAME, 'bin', 'tool'))).mode & 0o777).toBe(0o755);
    expect(await readlink(join(envs, NAME, 'bin', 'python'))).toBe('/usr/bin/python3');
    expect(await readdir(join(root, '.cache', 'ayci'))).toEqual(['envs']);
  });

  it('come to a pull request from the base branch', async () => {
    await kept(NAME);
    await (await job({ pull: 1 })).environments.restore();
    expect(await readdir(envs)).toEqual([NAME]);
  });

  it('are saved once, and again with those that came to it', async () => {
    await kept(NAME);
    const second = await job();
    await second.environments.restore();
    await second.environments.save();
    expect(service.caches).toHaveLength(1);

    await make('tvm-cp312-0123456789ab');
    await second.environments.save();
    await newMachine();
    await (await job()).environments.restore();

    expect(service.caches).toHaveLength(2);
    expect((await readdir(envs)).sort()).toEqual([NAME, 'tvm-cp312-0123456789ab']);
  });

  it('are not brought for other requirements, nor for another image', async () => {
    await kept(NAME);
    await (await job({ env: { ImageOS: 'ubuntu28' } })).environments.restore();
    expect(existsSync(envs)).toBe(false);
    await lock('onnx', 'onnxruntime==1.33.0');
    await (await job()).environments.restore();
    expect(existsSync(envs)).toBe(false);
  });

  it('do not touch those that are there', async () => {
    await kept(NAME);
    await make('mine-cp312-0123456789ab');
    await (await job()).environments.restore();
    expect(await readdir(envs)).toEqual(['mine-cp312-0123456789ab']);
    expect(service.called.filter((method) => method.endsWith('DownloadURL'))).toHaveLength(2);
  });

  it('never stay half of one', async () => {
    await kept(NAME);
    const whole = Buffer.from(await (await fetch(service.caches[0]?.url ?? '')).arrayBuffer());
    const half = whole.subarray(0, whole.length - 40);
    const headers = { 'x-ms-blob-type': 'BlockBlob' };
    await fetch(service.caches[0]?.uploadUrl ?? '', { method: 'PUT', headers, body: half });

    const second = await job();
    await second.environments.restore();

    expect(existsSync(envs)).toBe(false);
    expect(second.warnings).toEqual([]);
  });

  it('are brought anew where a run was killed while they were', async () => {
    await kept(NAME);
    await make('half-cp312-0123456789ab');
    await writeFile(join(root, '.cache', 'ayci', 'envs-unpacking'), '');
    await (await job()).environments.restore();
    expect(await readdir(envs)).toEqual([NAME]);
  });

  it('are done without where the folder cannot be written', async () => {
    await writeFile(join(root, '.cache'), 'a file');
    const one = await job();
    await one.environments.restore();
    await one.environments.save();
    expect(one.warnings).toEqual([expect.stringMatching(/^Actions cache: .*ENOTDIR|EEXIST/)]);
    expect(await readFile(join(root, '.cache'), 'utf8')).toBe('a file');
  });
});

describe('a target with them', () => {
  it('brings them once, before it first prepares anything', async () => {
    await kept(NAME);
    const { environments } = await job();
    const seen: boolean[] = [];
    const target = withEnvironments(
      {
        prepare: async () => {
          seen.push(existsSync(join(envs, NAME)));
        },
      } as unknown as Target,
      environments,
    );
    expect(service.called.filter((method) => method.endsWith('DownloadURL'))).toHaveLength(2);
    await target.prepare([], new AbortController().signal);
    await target.prepare([], new AbortController().signal);
    expect(seen).toEqual([true, true]);
    expect(service.called.filter((method) => method.endsWith('DownloadURL'))).toHaveLength(3);
  });
});
