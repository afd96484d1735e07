import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderArchive } from '../../archive/folder.ts';
import type { Scope } from '../../archive/records.ts';
import { asAyciError, explain } from '../../errors.ts';
import type { ArchiveStore, Logger } from '../../ports.ts';
import { cachedTree } from './archive.ts';
import { type CachedEnvironments, cachedEnvironments } from './environments.ts';
import { actionsCache, cacheUnavailable } from './service.ts';

export { type CachedEnvironments, withEnvironments } from './environments.ts';

export interface GithubArchiveOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly scope: Scope;
  readonly logger: Logger;
  /** AYCI's cache folder of this user, in which the environments are. */
  readonly cacheDir: string;
  readonly runtimesDir: string;
  /** The pull request that a run on another ref than its own measures. */
  readonly pull?: number;
  /** Bytes of an entry; given in tests. */
  readonly limit?: number;
  /** How long the entry of a run that is still sending is waited for; given in tests. */
  readonly patienceMs?: number;
}

export interface GithubArchive {
  readonly store: ArchiveStore;
  /** Brings what earlier runs kept. */
  restore(): Promise<void>;
  /** Keeps what is new; nothing where nothing is. What a run kept meanwhile is taken in first. */
  save(): Promise<void>;
  readonly environments: CachedEnvironments;
}

/**
 * An archive in the cache of GitHub Actions: a folder of this job, brought at the start and kept at the end. Without a
 * cache, or where it takes nothing, there is a warning and the run goes on.
 */
export async function githubArchive(options: GithubArchiveOptions): Promise<GithubArchive> {
  const { env, scope, logger, cacheDir, runtimesDir, pull = null } = options;
  const temporary = env.RUNNER_TEMP || tmpdir();
  // Not in the checkout: a pull request could bring a folder of that name along.
  const folder = await mkdtemp(join(temporary, 'ayci-archive-'));
  const store = { ...folderArchive(folder), name: 'in the Actions cache' };
  const why = cacheUnavailable(env);
  if (why !== null) {
    const nothing = async (): Promise<void> => undefined;
    const warn = async (): Promise<void> =>
      logger.warn(
        `Archive: the Actions cache is not used: ${why}. Nothing is kept for later runs; name an archive of your own with \`archive:\`.`,
      );
    return { store, restore: warn, save: nothing, environments: { restore: nothing, save: nothing } };
  }
  const service = actionsCache((line) => logger.warn(line));
  const tree = cachedTree({
    ...{ service, folder, scope, env, pull, logger, stage: join(temporary, 'ayci-cache') },
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
  });
  const environments = cachedEnvironments({ service, cacheDir, runtimesDir, env, logger });
  const guarded = (work: () => Promise<void>) => (): Promise<void> =>
    work().catch((thrown) => logger.warn(`Actions cache: ${explain(asAyciError(thrown))}`));
  return {
    store,
    restore: guarded(tree.restore),
    save: guarded(tree.save),
    environments: { restore: guarded(environments.restore), save: guarded(environments.save) },
  };
}
