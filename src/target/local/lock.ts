import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './alive.ts';

/**
 * Runs `work` while this process holds the lock file, which tells its process id; one of a dead process is taken over.
 * @param waiting called once if another process holds it
 */
export async function whileLocked<T>(
  path: string,
  signal: AbortSignal,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  while (!(await take(path))) {
    signal.throwIfAborted();
    if (!told) waiting();
    told = true;
    await sleep(200, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => ''));
  const written = (await stat(path).catch(() => null))?.mtimeMs ?? Date.now();
  // A holder that died before it had written its id left an empty file.
  const dead = holder > 0 ? !isAlive(holder) : Date.now() - written > 10_000;
  if (dead) await unlink(path).catch(() => undefined);
  return false;
}
