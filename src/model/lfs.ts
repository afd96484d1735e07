import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from './git-repository.ts';
import { GitError, reachGit, tryGit } from './git-run.ts';

/** What git has of a file that Git LFS keeps. */
export interface LfsPointer {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Git LFS's own bound: what is larger is content. */
const LARGEST_POINTER = 1024;

/** The pointer that a file's content is, or null where it is content itself. */
export function lfsPointer(bytes: Uint8Array): LfsPointer | null {
  if (bytes.length >= LARGEST_POINTER) return null;
  const text = Buffer.from(bytes).toString('latin1');
  if (!/^version https:\/\/(git-lfs\.github\.com|hawser\.github\.com)\/spec\/v\d+\n/.test(text)) return null;
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d{1,15})$/m.exec(text)?.[1];
  return sha256 === undefined || size === undefined ? null : { sha256, size: Number(size) };
}

/** The pointer in a file, or null. */
export async function lfsPointerIn(file: string): Promise<LfsPointer | null> {
  return (await stat(file)).size < LARGEST_POINTER ? lfsPointer(await readFile(file)) : null;
}

/** A file's hash in hex, or null where it cannot be read. */
export async function hashOf(file: string, algorithm: 'sha256' | 'md5'): Promise<string | null> {
  const hash = createHash(algorithm);
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) hash.update(chunk);
  } catch {
    return null;
  }
  return hash.digest('hex');
}

/** Whether Git LFS is installed. */
export async function hasLfs({ options }: Repository): Promise<boolean> {
  return (await tryGit(options, ['lfs', 'version'])) !== null;
}

/** Where a clone keeps an object that `git lfs` brought. */
async function kept({ options }: Repository, { sha256 }: LfsPointer): Promise<string | null> {
  const folder = await tryGit(options, ['rev-parse', '--path-format=absolute', '--git-common-dir']);
  if (folder === null) return null;
  const file = join(folder, 'lfs', 'objects', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  return (await hashOf(file, 'sha256')) === sha256 ? file : null;
}

/** Whether a pointer's content can be had without a download. */
export async function isKept(repository: Repository, pointer: LfsPointer): Promise<boolean> {
  return (await kept(repository, pointer)) !== null;
}

/**
 * Puts a pointer's content in its place: from what the clone keeps, else by `git lfs`.
 * @throws GitError that says why it cannot be had
 */
export async function resolvePointer(repository: Repository, pointer: LfsPointer, file: string): Promise<void> {
  const here = await kept(repository, pointer);
  if (here !== null) return copyFile(here, file);
  if (!(await hasLfs(repository))) throw new GitError('it is in Git LFS, and git-lfs is not installed');
  const text = await readFile(file);
  await reachGit(repository.options, ['lfs', 'smudge'], { input: text, into: file }).catch((thrown: unknown) => {
    if (thrown instanceof GitError) throw new GitError(`Git LFS did not bring it: ${thrown.message}`);
    throw thrown;
  });
  if ((await hashOf(file, 'sha256')) !== pointer.sha256) throw new GitError('Git LFS did not bring it');
}
