import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSegment } from '../../archive/keys.ts';

/** Larger objects are models, and are never changed in place. */
const HASHED_BYTES = 8 * 1024 * 1024;

export interface TreeFile {
  /** Key of the object, below the folder. */
  readonly key: string;
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
}

/** Objects under a folder. Links, and names that no archive gives, are passed over: the tree may come from a stranger. */
export async function filesOf(folder: string): Promise<readonly TreeFile[]> {
  const found: TreeFile[] = [];
  const walk = async (at: string, key: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!isSegment(entry.name) || /\.(lock|tmp)$/.test(entry.name)) continue;
      const path = join(at, entry.name);
      const below = key === '' ? entry.name : `${key}/${entry.name}`;
      if (entry.isDirectory()) await walk(path, below);
      if (!entry.isFile()) continue;
      const { size, mtimeMs } = await stat(path);
      found.push({ key: below, path, size, modifiedMs: mtimeMs });
    }
  };
  await walk(folder, '');
  return found;
}

/** Text that changes when an object does. */
export async function markOf({ path, size, modifiedMs }: TreeFile): Promise<string> {
  if (size > HASHED_BYTES) return `${size} ${Math.trunc(modifiedMs)}`;
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

export type Snapshot = ReadonlyMap<string, string>;

export async function snapshotOf(folder: string): Promise<Snapshot> {
  const marks = new Map<string, string>();
  for (const file of await filesOf(folder)) marks.set(file.key, await markOf(file));
  return marks;
}

/** Whether both hold the same objects. */
export function isSame(a: Snapshot, b: Snapshot): boolean {
  return a.size === b.size && [...a].every(([key, mark]) => b.get(key) === mark);
}

/** Moves an object into another tree of the same disk. */
export async function moveInto(file: TreeFile, folder: string): Promise<void> {
  const target = join(folder, file.key);
  await mkdir(dirname(target), { recursive: true });
  await rename(file.path, target);
}

/** The tree once more under another name, without copying what it holds. */
export async function linkTree(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  for (const { key, path } of await filesOf(from)) {
    const target = join(to, key);
    await mkdir(dirname(target), { recursive: true });
    await link(path, target).catch(() => copyFile(path, target, constants.COPYFILE_FICLONE));
  }
}
