import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scope } from '../../archive/records.ts';
import type { Logger } from '../../ports.ts';
import { basePrefix, isBase, newKey, ownPrefix } from './keys.ts';
import { mergeTrees } from './merge.ts';
import { prune } from './prune.ts';
import type { CacheService } from './service.ts';
import { filesOf, isSame, linkTree, moveInto, type Snapshot, snapshotOf } from './tree.ts';

/** What an entry holds at most; a repository's entries have 10 GB together. */
export const LARGEST_ENTRY = 500 * 1000 * 1000;
/** Runs that end together see each other's entries; each round one of them is done. */
const ROUNDS = 5;

export interface CachedTreeOptions {
  readonly service: CacheService;
  /** Where objects are: what the archive's folder store writes to. */
  readonly folder: string;
  /** Folder that entries are packed from and unpacked to; the same in every run, since entries are known by it. */
  readonly stage: string;
  readonly scope: Scope;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pull: number | null;
  readonly logger: Logger;
  /** Bytes. */
  readonly limit?: number;
}

/** A folder that comes from the Actions cache and goes back there. */
export function cachedTree(options: CachedTreeOptions) {
  const { service, folder, scope, env, logger, limit = LARGEST_ENTRY } = options;
  const own = {
    prefix: ownPrefix(scope, env, options.pull),
    stage: join(options.stage, isBase(scope) ? 'base' : 'own'),
    folder: join(folder, scope.write),
  };
  const base = { prefix: basePrefix(), stage: join(options.stage, 'base'), folder: join(folder, scope.read[0] ?? '') };
  /** Entries of ours whose objects are all here. */
  const contained = new Set<string>();
  let before: Snapshot = new Map();

  /** What an entry holds comes into an empty folder first: half of a broken one never counts. */
  async function unpack(stage: string, prefix: string): Promise<string | null> {
    await rm(stage, { recursive: true, force: true });
    await mkdir(stage, { recursive: true });
    const key = await service.restore(stage, prefix);
    if (key === null) await rm(stage, { recursive: true, force: true });
    return key;
  }

  async function bring(part: typeof own): Promise<string | null> {
    const key = await unpack(part.stage, part.prefix);
    if (key === null) return null;
    const files = await filesOf(part.stage);
    for (const file of files) await moveInto(file, part.folder);
    await rm(part.stage, { recursive: true, force: true });
    if (files.length > 0) return key;
    logger.warn(`Archive: the cache entry ${key} holds no archive here; it is as if there were none.`);
    return null;
  }

  /** Takes over what a run kept meanwhile. @returns whether it has all of ours already */
  async function takeIn(newest: string): Promise<boolean> {
    if ((await unpack(own.stage, newest)) === null) {
      logger.warn(`Archive: the cache entry ${newest} cannot be read and is left behind.`);
      contained.add(newest);
      return false;
    }
    const theirs = await snapshotOf(own.stage);
    await mergeTrees(own.stage, own.folder, logger);
    contained.add(newest);
    return isSame(theirs, await snapshotOf(own.folder));
  }

  async function shrink(): Promise<void> {
    const removed = await prune(own.folder, limit);
    const text = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
    if (removed.again > 0) logger.info(`Archive: ${text(removed.again)} of what can be made again were removed.`);
    if (removed.models > 0) {
      logger.warn(
        `Archive: ${text(removed.models)} of older models were removed, the Actions cache is given ${text(limit)}. An archive on S3 (archive: s3://…) has no such limit.`,
      );
    }
  }

  return {
    async restore(): Promise<void> {
      // A pull request reads the base branch's and its own; the base branch its own alone.
      const parts = isBase(scope) ? [own] : [base, own];
      const keys = await Promise.all(parts.map(bring));
      const key = keys.at(-1);
      if (key != null) contained.add(key);
      before = await snapshotOf(own.folder);
    },
    async save(): Promise<void> {
      if (isSame(before, await snapshotOf(own.folder))) return;
      for (let round = 1; round <= ROUNDS; round += 1) {
        const newest = await service.newest(own.stage, own.prefix);
        const known = newest === null || contained.has(newest);
        // After the first round: the newest is what was saved here, or holds it.
        if (known && round > 1) break;
        if (!known && (await takeIn(newest))) break;
        await shrink();
        const key = newKey(own.prefix, env);
        await linkTree(own.folder, own.stage);
        const kept = await service.save(own.stage, key);
        await rm(own.stage, { recursive: true, force: true });
        if (!kept) {
          logger.warn('Archive: the Actions cache did not take what was measured; later runs will measure it again.');
          return;
        }
        contained.add(key);
      }
      before = await snapshotOf(own.folder);
    },
  };
}
