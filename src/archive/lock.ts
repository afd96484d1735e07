import { randomUUID } from 'node:crypto';
import { link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AyciError } from '../errors.ts';

/** A holder needs milliseconds; one that is older died. */
const STALE_MS = 10_000;
const GIVE_UP_MS = 60_000;

function isCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code;
}

/**
 * Runs `work` while holding the lock file. `link` makes it in one step, on network file systems too, and its content
 * tells whose it is.
 * @throws AyciError `archive` where it cannot be had within a minute
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const token = randomUUID();
  const mine = `${path}.${token}.tmp`;
  await writeFile(mine, token, { flag: 'wx' });
  try {
    await take(path, mine);
    try {
      return await work();
    } finally {
      const holder = await readFile(path, 'utf8').catch(() => null);
      if (holder === token) await unlink(path).catch(() => undefined);
    }
  } finally {
    await unlink(mine).catch(() => undefined);
  }
}

async function take(path: string, mine: string): Promise<void> {
  const start = performance.now();
  for (;;) {
    try {
      await link(mine, path);
      return;
    } catch (cause) {
      if (!isCode(cause, 'EEXIST')) throw cause;
    }
    if (performance.now() - start > GIVE_UP_MS) {
      throw new AyciError('archive', `archive: ${JSON.stringify(path)} is held by another run`, {
        hint: 'Remove the file if no other run is going on.',
      });
    }
    await breakStale(path);
    await sleep(5 + Math.random() * 20);
  }
}

/** A rename picks the stale lock out for one breaker alone; what was renamed is checked again before it is dropped. */
async function breakStale(path: string): Promise<void> {
  const age = async (file: string): Promise<number | null> => {
    const found = await stat(file).catch(() => null);
    return found === null ? null : Date.now() - found.mtimeMs;
  };
  if (((await age(path)) ?? 0) < STALE_MS) return;
  const aside = `${path}.${randomUUID()}.tmp`;
  await rename(path, aside).catch(() => undefined);
  const broken = await age(aside);
  if (broken !== null && broken < STALE_MS) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}
