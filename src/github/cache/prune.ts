import { rm } from 'node:fs/promises';
import { filesOf, type TreeFile } from './tree.ts';

/** What goes first: what can be made again, then models that can be had from git. Results and history stay. */
const RANK: Readonly<Record<string, number>> = { converted: 0, raw: 0, models: 1 };
/** Segments of a key that make one thing: a model goes with all of its files. */
const DEPTH: Readonly<Record<string, number>> = { converted: 3, raw: 3, models: 2 };

interface Thing {
  readonly rank: number;
  readonly files: readonly TreeFile[];
  readonly size: number;
  readonly modifiedMs: number;
}

function thingsOf(files: readonly TreeFile[]): readonly Thing[] {
  const things = new Map<string, TreeFile[]>();
  for (const file of files) {
    const segments = file.key.split('/');
    const depth = DEPTH[segments[0] ?? ''];
    if (depth === undefined) continue;
    const name = segments.slice(0, depth).join('/');
    things.set(name, [...(things.get(name) ?? []), file]);
  }
  return [...things].map(([name, of]) => ({
    rank: RANK[name.split('/')[0] ?? ''] ?? 0,
    files: of,
    size: of.reduce((sum, { size }) => sum + size, 0),
    modifiedMs: Math.max(...of.map(({ modifiedMs }) => modifiedMs)),
  }));
}

/** What was removed, in bytes. */
export interface Pruned {
  readonly again: number;
  readonly models: number;
}

/** Removes the oldest until at most `limit` bytes are there: converted models and raw samples, then models. */
export async function prune(folder: string, limit: number): Promise<Pruned> {
  const files = await filesOf(folder);
  let size = files.reduce((sum, file) => sum + file.size, 0);
  const removed = { again: 0, models: 0 };
  const order = [...thingsOf(files)].sort((a, b) => a.rank - b.rank || a.modifiedMs - b.modifiedMs);
  for (const thing of order) {
    if (size <= limit) break;
    for (const { path } of thing.files) await rm(path, { force: true });
    size -= thing.size;
    removed[thing.rank === 0 ? 'again' : 'models'] += thing.size;
  }
  return removed;
}
