import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '../../archive/records.ts';
import type { Logger } from '../../ports.ts';
import { basePrefix, generationOf, isBase, keyAt, ownPrefix } from './keys.ts';
import { mergeTrees } from './merge.ts';
import { prune } from './prune.ts';
import type { CacheService } from './service.ts';
import { filesOf, isSame, linkTree, moveInto, type Snapshot, snapshotOf } from './tree.ts';

/** What an entry holds at most; a repository's entries have 10 GB together. */
export const LARGEST_ENTRY = 500 * 1000 * 1000;
/** Of runs that end together each round one is done. */
const ROUNDS = 16;
const PATIENCE_MS = 10_000;
/** A service that is down is asked again and again by the library; after that long a failure is the last. */
const GIVE_UP_MS = 45_000;
const POLLS = 10;

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
  /** How long the entry of a run that is still sending is waited for. */
  readonly patienceMs?: number;
}

/** A folder that comes from the Actions cache and goes back there. */
export function cachedTree(options: CachedTreeOptions) {
  const { service, folder, scope, env, logger, limit = LARGEST_ENTRY, patienceMs = PATIENCE_MS } = options;
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

  async function send(key: string): Promise<boolean> {
    await shrink();
    await linkTree(own.folder, own.stage);
    const kept = await service.save(own.stage, key);
    await rm(own.stage, { recursive: true, force: true });
    if (kept) contained.add(key);
    return kept;
  }

  const newestOf = (): Promise<string | null> => service.newest(own.stage, own.prefix);

  /** Takes in the entry of a run that is sending it, when it comes; a run that was ended never sends it. */
  async function waitFor(key: string): Promise<void> {
    for (let poll = 0; poll < POLLS; poll += 1) {
      if ((await service.newest(own.stage, key)) === key) {
        await takeIn(key);
        return;
      }
      await sleep(patienceMs / POLLS);
    }
  }

  /** Sends until the newest entry holds all that is here. @returns false where nothing is taken */
  async function sendAll(): Promise<boolean> {
    const start = performance.now();
    let skipped: string | null = null;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const newest = await newestOf();
      if (newest !== null && !contained.has(newest) && (await takeIn(newest))) return true;
      const next = generationOf(newest) + 1;
      const key = keyAt(own.prefix, skipped === null ? next : next + 1);
      if (await send(key)) {
        if (skipped !== null) await waitFor(skipped);
        const waited = skipped !== null && contained.has(skipped);
        const last = await newestOf();
        if (!waited && (last === null || contained.has(last))) return true;
        skipped = null;
        continue;
      }
      if (performance.now() - start > GIVE_UP_MS) return false;
      // The key is another run's, which has sent its entry or is sending it, or no key is given at all.
      const changed = (await newestOf()) !== newest;
      if (!changed && skipped !== null) return false;
      skipped = changed ? null : key;
    }
    return false;
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
      if (!(await sendAll())) {
        logger.warn('Archive: the Actions cache did not take what was measured; later runs will measure it again.');
        return;
      }
      before = await snapshotOf(own.folder);
    },
  };
}
