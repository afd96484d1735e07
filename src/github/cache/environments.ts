import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger, Target } from '../../ports.ts';
import { environmentsKey, environmentsPrefix } from './keys.ts';
import type { CacheService } from './service.ts';

/** A repository's entries have 10 GB together; packed it is a third of this. */
const LARGEST = 4 * 1000 * 1000 * 1000;
/** What an environment that is whole has. */
const MARKER = 'ayci-environment.json';

export interface EnvironmentsOptions {
  readonly service: CacheService;
  /** Folder whose `envs/` holds the environments. */
  readonly cacheDir: string;
  readonly runtimesDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

/** The runtimes' virtual environments in the Actions cache, in an entry of their own. */
export interface CachedEnvironments {
  /** Brings them, where there are none yet. */
  restore(): Promise<void>;
  /** Keeps them, where some are new. */
  save(): Promise<void>;
}

async function bytesOf(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum;
}

export function cachedEnvironments(options: EnvironmentsOptions): CachedEnvironments {
  const { service, cacheDir, runtimesDir, env, logger } = options;
  const envs = join(cacheDir, 'envs');
  /** There while `envs` is being unpacked: a run that is killed meanwhile leaves environments that only look whole. */
  const unpacking = join(cacheDir, 'envs-unpacking');

  async function prefix(): Promise<string> {
    const names = (await readdir(runtimesDir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const locks = names
      .map(({ name }) => join(runtimesDir, name, 'requirements.txt'))
      .filter((path) => existsSync(path));
    return environmentsPrefix(await Promise.all(locks.sort().map((path) => readFile(path, 'utf8'))), env);
  }

  async function made(): Promise<readonly string[]> {
    const names = await readdir(envs).catch(() => []);
    return names.filter((name) => existsSync(join(envs, name, MARKER))).sort();
  }

  let restored: readonly string[] = [];
  return {
    async restore() {
      if (existsSync(unpacking)) await rm(envs, { recursive: true, force: true });
      restored = await made();
      if (restored.length > 0) return;
      await mkdir(envs, { recursive: true });
      await writeFile(unpacking, '');
      // Entries are unpacked in place, since an environment cannot be moved; half of one must not stay.
      if ((await service.restore(envs, await prefix())) === null) await rm(envs, { recursive: true, force: true });
      await rm(unpacking, { force: true });
      restored = await made();
    },
    async save() {
      const names = await made();
      if (names.length === 0 || names.join() === restored.join()) return;
      const size = await bytesOf(envs);
      if (size > LARGEST) {
        logger.info(
          `The runtimes' environments have ${Math.ceil(size / 1e6)} MB: they are not kept in the Actions cache.`,
        );
        return;
      }
      const key = environmentsKey(await prefix(), names);
      if ((await service.newest(envs, key)) === key || (await service.save(envs, key))) restored = names;
    },
  };
}

/** The target, whose environments are brought before it first needs any: a run that measures nothing brings none. */
export function withEnvironments(target: Target, environments: CachedEnvironments): Target {
  let brought: Promise<void> | null = null;
  return {
    get facts() {
      return target.facts;
    },
    async prepare(work, signal) {
      brought ??= environments.restore();
      await brought;
      await target.prepare(work, signal);
    },
    invoke: (where, make, signal) => target.invoke(where, make, signal),
    submit: (where, make, signal) => target.submit(where, make, signal),
    close: () => target.close(),
  };
}
