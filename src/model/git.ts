import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { AyciError } from '../errors.ts';
import type { Model } from '../types/model.ts';
import { openRepository, type Place } from './git-repository.ts';
import { GitError, type GitOptions, tryGit } from './git-run.ts';
import { lfsPointerIn, resolvePointer } from './lfs.ts';
import { loadModel } from './load.ts';
import { readOnnx } from './onnx.ts';

/**
 * The model at the same path at another commit, written into `folder`, external data included; null where that commit
 * has no such file, as when the model is new. What a partial clone left out is fetched, and what Git LFS keeps.
 * @throws AyciError `bad-input` where git does not know the commit or a file cannot be had
 */
export async function loadFromGit(
  ref: string,
  path: string,
  folder: string,
  place: string,
  around: Omit<GitOptions, 'cwd'> = {},
): Promise<Model | null> {
  const refuse = (what: string, hint: string, cause: unknown): AyciError =>
    new AyciError('bad-input', `${place}: ${what}`, { hint, cause });
  const { repository, path: inside }: Place = await openRepository(path, around).catch((cause: unknown) => {
    throw refuse(`${JSON.stringify(path)} is not in a git repository`, 'Name the baseline by its path.', cause);
  });
  const { options } = repository;
  const commit = await tryGit(options, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
  if (commit === null) {
    const hint = 'Fetch it first (actions/checkout with fetch-depth: 0).';
    throw refuse(`git does not know ${JSON.stringify(ref)}`, hint, undefined);
  }
  const target = join(folder, basename(path));
  /** False: that commit has no such file. */
  const copy = async (name: string, into: string): Promise<boolean> => {
    const wrong = (cause: unknown): AyciError => {
      const why = cause instanceof GitError ? `: ${cause.message}` : '';
      const hint = 'In a workflow: actions/checkout with lfs: true, and its credentials kept.';
      return refuse(`${JSON.stringify(name)} of ${ref} cannot be had${why}`, hint, cause);
    };
    try {
      const there = await repository.entry(commit, name);
      if (there === null) return false;
      if (there.kind !== 'file') throw new GitError(`it is a ${there.kind === 'link' ? 'symbolic link' : there.kind}`);
      await mkdir(dirname(into), { recursive: true });
      await repository.copy(there.id, into);
      const pointer = await lfsPointerIn(into);
      if (pointer !== null) await resolvePointer(repository, pointer, into);
      return true;
    } catch (thrown) {
      throw wrong(thrown);
    }
  };
  if (!(await copy(inside, target))) return null;
  for (const name of await externalNames(target)) {
    const into = join(folder, name);
    const from = posix.join(posix.dirname(inside), name.split('\\').join('/'));
    if (relative(folder, into).startsWith(`..${sep}`) || (await copy(from, into))) continue;
    throw refuse(`${JSON.stringify(from)} is not in ${ref}`, 'Was the model added or renamed since?', undefined);
  }
  return { ...(await loadModel(target, place)), path: `${ref}:${inside}` };
}

/** External data that a model names; what is wrong with a file is said when it is loaded. */
export async function externalNames(model: string): Promise<readonly string[]> {
  try {
    return readOnnx(await readFile(model)).externalData;
  } catch {
    return [];
  }
}
