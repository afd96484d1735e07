import { isEnterpriseServer } from '../artifact.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The cache of GitHub Actions. Nothing here throws: `@actions/cache` itself warns of what fails. */
export interface CacheService {
  /** Brings the newest entry whose key begins so to `path`. @returns its key; null where there is none that can be read */
  restore(path: string, prefix: string): Promise<string | null>;
  /** Key of the newest entry that `restore` would bring. */
  newest(path: string, prefix: string): Promise<string | null>;
  /** @returns whether it was kept */
  save(path: string, key: string): Promise<boolean>;
}

/** Why there is no cache here, or null. */
export function cacheUnavailable(env: Environment): string | null {
  const current = env.ACTIONS_CACHE_SERVICE_V2 && !isEnterpriseServer(env.GITHUB_SERVER_URL);
  const needed = current ? 'ACTIONS_RESULTS_URL' : 'ACTIONS_CACHE_URL';
  const missing = ['ACTIONS_RUNTIME_TOKEN', needed].filter((name) => !env[name]);
  if (missing.length === 0) return null;
  return `this runner offers none (${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set)`;
}

/** `@actions/cache`, loaded when it is first used. An entry is known by its key and by the text of `path`. */
export function actionsCache(warn: (line: string) => void): CacheService {
  const guarded = async <T>(otherwise: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      warn(`Actions cache: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      return otherwise;
    }
  };
  const find = (path: string, prefix: string, lookupOnly: boolean): Promise<string | null> =>
    guarded(null, async () => {
      const { restoreCache } = await import('@actions/cache');
      return (await restoreCache([path], prefix, [], { lookupOnly })) ?? null;
    });
  return {
    restore: (path, prefix) => find(path, prefix, false),
    newest: (path, prefix) => find(path, prefix, true),
    save: (path, key) =>
      guarded(false, async () => {
        const { saveCache } = await import('@actions/cache');
        return (await saveCache([path], key)) !== -1;
      }),
  };
}
