import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { AyciError } from '../errors.ts';
import type { Model } from '../types/model.ts';
import { externalDataOf, FORMATS, formatByName } from './formats.ts';
import { filesAt } from './git-files.ts';
import { openRepository, type Place } from './git-repository.ts';
import { GitError, type GitOptions, tryGit } from './git-run.ts';
import type { TreeEntry } from './git-tree.ts';
import { lfsPointerIn, resolvePointer } from './lfs.ts';
import { type LoadOptions, loadModel } from './load.ts';

/**
 * The model at the same path at another commit, written into `folder`, all of its files; null where that commit has none
 * there, as when the model is new. What a partial clone left out is fetched, and what Git LFS keeps.
 * @throws AyciError `bad-input` where git does not know the commit or a file cannot be had
 */
export async function loadFromGit(
  ref: string,
  path: string,
  folder: string,
  place: string,
  around: Omit<GitOptions, 'cwd'> = {},
  options?: LoadOptions,
): Promise<Model | null> {
  const refuse = (what: string, hint: string, cause: unknown): AyciError =>
    new AyciError('bad-input', `${place}: ${what}`, { hint, cause });
  const { repository, path: inside }: Place = await openRepository(path, around).catch((cause: unknown) => {
    throw refuse(`${JSON.stringify(path)} is not in a git repository`, 'Name the baseline by its path.', cause);
  });
  const commit = await tryGit(repository.options, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  if (commit === null) {
    const hint = 'Fetch it first (actions/checkout with fetch-depth: 0).';
    throw refuse(`git does not know ${JSON.stringify(ref)}`, hint, undefined);
  }
  const wrong = (name: string, cause: unknown): AyciError => {
    const why = cause instanceof GitError ? `: ${cause.message}` : '';
    const hint = 'In a workflow: actions/checkout with lfs: true, and its credentials kept.';
    return refuse(`${JSON.stringify(name)} of ${ref} cannot be had${why}`, hint, cause);
  };
  const copy = async (name: string, there: TreeEntry, into: string): Promise<void> => {
    try {
      if (there.kind !== 'file') throw new GitError(`it is a ${there.kind === 'link' ? 'symbolic link' : there.kind}`);
      await mkdir(dirname(into), { recursive: true });
      await repository.copy(there.id, into);
      const pointer = await lfsPointerIn(into);
      if (pointer !== null) await resolvePointer(repository, pointer, into);
    } catch (thrown) {
      throw wrong(name, thrown);
    }
  };
  const model = await filesAt(repository, commit, inside, place).catch((thrown: unknown) => {
    throw thrown instanceof GitError ? wrong(inside, thrown) : thrown;
  });
  if (model === null) return null;
  const target = join(folder, model.open === '' ? basename(inside) || 'model' : model.open);
  const beside = model.open === '' ? target : folder;
  for (const { path: from, name, entry } of model.files) await copy(from, entry, join(beside, name));
  for (const name of await externalNames(target)) {
    const into = join(folder, name);
    const from = posix.join(posix.dirname(inside), name.split('\\').join('/'));
    if (relative(folder, into).startsWith(`..${sep}`)) continue;
    const there = await repository.entry(commit, from).catch((thrown: unknown) => {
      throw wrong(from, thrown);
    });
    if (there === null)
      throw refuse(`${JSON.stringify(from)} is not in ${ref}`, 'Was the model added or renamed since?', undefined);
    await copy(from, there, into);
  }
  return { ...(await loadModel(target, place, options)), path: `${ref}:${inside}` };
}

/** External data that a model names; what is wrong with a file is said when it is loaded. */
export async function externalNames(model: string): Promise<readonly string[]> {
  if (formatByName(basename(model)) !== FORMATS.onnx) return [];
  try {
    return await externalDataOf(model);
  } catch {
    return [];
  }
}
