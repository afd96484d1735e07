import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { AyciError } from '../../errors.ts';
import { externalNames } from '../../model/git.ts';
import { filesAt, type GitFile } from '../../model/git-files.ts';
import type { Repository } from '../../model/git-repository.ts';
import { GitError, reachGit, tryGit } from '../../model/git-run.ts';
import type { TreeEntry } from '../../model/git-tree.ts';
import { hashOf, hasLfs, isKept, lfsPointer, lfsPointerIn } from '../../model/lfs.ts';
import { locate } from '../../model/locate.ts';
import type { ModelKey } from '../../types/model.ts';

/** Bytes; what is larger is a model. */
const LARGEST_POINTER = 64 * 1024;

/** What a commit has of a model. */
export type ModelAt =
  | { readonly kind: 'file' }
  /** The files that are measured are those of that commit, external data too. */
  | { readonly kind: 'same' }
  | {
      readonly kind: 'pointer';
      /** The pointer's path in the repository. */
      readonly file: string;
      /** The model's key, if it is one file and its pointer tells. */
      readonly key: ModelKey | null;
      /** Whether the content is here, or a program that may bring it. */
      readonly canResolve: boolean;
      /** What there is to do where it cannot. */
      readonly why: string;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * What `commit`, which is here, has at a model's path. Nothing large is fetched.
 * @param file the model that is measured, on this machine
 * @throws GitError where the commit's trees cannot be had
 */
export async function modelAt(repository: Repository, commit: string, path: string, file: string): Promise<ModelAt> {
  const several = await severalAt(repository, commit, path);
  if (typeof several === 'string') return { kind: 'refused', why: several };
  if (several !== null) return ofSeveral(repository, commit, several, file);
  const there = await repository.entry(commit, path);
  if (there !== null && there.kind !== 'file') {
    const name = there.kind === 'link' ? 'symbolic link' : there.kind;
    return { kind: 'refused', why: `${JSON.stringify(path)} is a ${name} there` };
  }
  const kept = there ?? (await repository.entry(commit, `${path}.dvc`));
  if (kept === null) return { kind: 'absent' };
  if (await areSame(repository, commit, path, file)) return { kind: 'same' };
  return there === null ? ofDvc(path) : ofBlob(repository, there, path);
}

/** The files of a model that is more than one; null: it is one, or there is none; text: why it cannot be taken. */
async function severalAt(
  repository: Repository,
  commit: string,
  path: string,
): Promise<readonly GitFile[] | string | null> {
  try {
    const model = await filesAt(repository, commit, path, 'the model there');
    if (model === null || model.files.length < 2) return null;
    const odd = model.files.find(({ entry }) => entry.kind !== 'file');
    return odd === undefined ? model.files : `${JSON.stringify(odd.path)} is no regular file there`;
  } catch (thrown) {
    if (thrown instanceof AyciError) return thrown.message;
    throw thrown;
  }
}

/** The first of the files that has to be brought decides; a pointer to one of several does not tell the model's key. */
async function ofSeveral(
  repository: Repository,
  commit: string,
  files: readonly GitFile[],
  model: string,
): Promise<ModelAt> {
  const here = new Map((await locate(model, 'model')).files.map(({ path, source }) => [path, source]));
  let isSameModel = here.size === files.length;
  let lacking: ModelAt | null = null;
  for (const { path, artifact, entry } of files) {
    const source = here.get(artifact);
    isSameModel &&= source !== undefined && (await isSame(repository, commit, path, source));
    if (isSameModel) continue;
    const at = await ofBlob(repository, entry, path);
    if (at.kind === 'pointer' && !at.canResolve) lacking ??= { ...at, key: null };
  }
  return isSameModel ? { kind: 'same' } : (lacking ?? { kind: 'file' });
}

function ofDvc(path: string): ModelAt {
  const why =
    'DVC keeps the model, and the archive does not have it: measure the base branch first, or `dvc get` that commit and name the file as baseline';
  return { kind: 'pointer', file: `${path}.dvc`, key: null, canResolve: false, why };
}

async function ofBlob(repository: Repository, { id }: TreeEntry, path: string): Promise<ModelAt> {
  const unknown = { kind: 'pointer', file: path, canResolve: false } as const;
  try {
    const pointer = lfsPointer(await readSmall(repository, id));
    if (pointer === null) return { kind: 'file' };
    const canResolve = (await isKept(repository, pointer)) || (await hasLfs(repository));
    const why =
      'the model is in Git LFS, git-lfs is not installed, and the archive does not have it: check out with lfs: true, or measure the base branch first';
    return { ...unknown, key: `${pointer.sha256}-${pointer.size}`, canResolve, why };
  } catch (thrown) {
    if (!(thrown instanceof GitError)) throw thrown;
    // A partial clone without credentials: its trees still tell whether the file is one that the history knows.
    const why = `the clone left the model out and could not fetch it (${thrown.message}): let actions/checkout keep its credentials`;
    return { ...unknown, key: null, why };
  }
}

/** A blob's content where it is small enough for a pointer, else nothing. @throws GitError where it cannot be had */
async function readSmall(repository: Repository, id: string): Promise<Uint8Array> {
  const size = Number(await reachGit(repository.options, ['cat-file', '-s', id]));
  if (!(size < LARGEST_POINTER)) return new Uint8Array(LARGEST_POINTER);
  const folder = await mkdtemp(join(tmpdir(), 'ayci-git-'));
  try {
    await repository.copy(id, join(folder, 'blob'));
    return await readFile(join(folder, 'blob'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether all files of the measured model are to the byte what a commit has. */
async function areSame(repository: Repository, commit: string, path: string, file: string): Promise<boolean> {
  if (!(await isSame(repository, commit, path, file))) return false;
  for (const name of await externalNames(file)) {
    const there = posix.join(posix.dirname(path), name.split('\\').join('/'));
    if (!(await isSame(repository, commit, there, join(dirname(file), name)))) return false;
  }
  return true;
}

/** Whether a file is what a commit has, or what a pointer there stands for. */
async function isSame(repository: Repository, commit: string, path: string, file: string): Promise<boolean> {
  const there = await repository.entry(commit, path);
  if (there === null) return isSameByDvc(repository, commit, path, file);
  if (there.kind !== 'file') return false;
  const blob = await tryGit(repository.options, ['hash-object', '--no-filters', '--', resolve(file)]);
  // A pointer that was checked out as it is would be the same and no model.
  if (blob === there.id) return (await lfsPointerIn(file)) === null;
  const head = repository.head === null ? null : await repository.entry(repository.head, path);
  // Only a blob that is here is read: the one that is checked out.
  if (head?.id !== there.id) return false;
  const pointer = lfsPointer(await readSmall(repository, there.id));
  return pointer !== null && (await hashOf(file, 'sha256')) === pointer.sha256;
}

async function isSameByDvc(repository: Repository, commit: string, path: string, file: string): Promise<boolean> {
  const there = await repository.entry(commit, `${path}.dvc`);
  if (there?.kind !== 'file') return false;
  const { dvcPointer } = await import('../../model/dvc.ts');
  const text = Buffer.from(await readSmall(repository, there.id)).toString();
  const pointer = dvcPointer(text, posix.basename(path));
  return pointer !== null && (await hashOf(file, 'md5')) === pointer.md5;
}
