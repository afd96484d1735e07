import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ModelFile, ModelKey } from '../types/model.ts';

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const HEAD = 64;

/** A file's SHA-256 in hex, its size in bytes and its first bytes, without all of it in memory. */
export async function hashed(
  path: string,
): Promise<{ readonly sha256: string; readonly size: number; readonly head: Uint8Array }> {
  const hash = createHash('sha256');
  let size = 0;
  let head: Uint8Array = new Uint8Array();
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    if (size === 0) head = chunk.slice(0, HEAD);
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest('hex'), size, head };
}

/** One file: its SHA-256 and size. Several: the SHA-256 of their sorted paths, hashes and sizes, and the sum of sizes. */
export function keyOf(files: readonly ModelFile[]): ModelKey {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) return `${only.sha256}-${only.size}`;
  const lines = files.map((file) => `${file.path}\0${file.sha256}\0${file.size}\n`).sort();
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return `${sha256(lines.join(''))}-${size}`;
}
