import { basename, dirname, posix } from 'node:path';
import type { Repository } from './git-repository.ts';
import type { ListedEntry, TreeEntry } from './git-tree.ts';
import { isMxnetName, mxnetNames, PARAMS, SYMBOL } from './mxnet/files.ts';
import { isOfSavedModel } from './tensorflow/files.ts';

/** One file of a model at a commit. */
export interface GitFile {
  /** In the repository. */
  readonly path: string;
  /** Beside the others of its model. */
  readonly name: string;
  /** As the model itself calls it: see `Located`. */
  readonly artifact: string;
  readonly entry: TreeEntry;
}

/** A model at a commit. ONNX's external data are not among the files: its own file names them. */
export interface GitModel {
  /** What is opened, beside or above the files; '': their folder. */
  readonly open: string;
  readonly files: readonly GitFile[];
}

const ENTRY = 'saved_model.pb';

/**
 * The files of a model at a commit that is here; null: it has none at that path. Where the path names an epoch of
 * MXNet's parameters that the commit does not have, its only one is taken.
 * @param place how messages name what was asked for
 * @throws GitError where the commit's trees cannot be had; AyciError `bad-input` for an MXNet model in part
 */
export async function filesAt(
  repository: Repository,
  commit: string,
  path: string,
  place: string,
): Promise<GitModel | null> {
  const name = basename(path);
  const there = path === '' ? null : await repository.entry(commit, path);
  if (path === '' || there?.kind === 'folder') return savedModel(repository, commit, path);
  if (name === ENTRY) return there === null ? null : savedModel(repository, commit, folderOf(path));
  const isMxnet =
    isMxnetName(name) || (there === null && (await repository.entry(commit, `${path}-symbol.json`)) !== null);
  if (isMxnet) return mxnet(repository, commit, path, place);
  return there === null ? null : { open: name, files: [{ path, name, artifact: name, entry: there }] };
}

/** '' for what lies at the top. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
}

async function savedModel(repository: Repository, commit: string, folder: string): Promise<GitModel | null> {
  const own = (await repository.list(commit, folder, true)).filter(({ path }) => isOfSavedModel(path));
  if (!own.some(({ path }) => path === ENTRY)) return null;
  return { open: '', files: own.map((entry) => fileIn(folder, entry, entry.path)) };
}

async function mxnet(repository: Repository, commit: string, path: string, place: string): Promise<GitModel | null> {
  const folder = folderOf(path);
  // On Windows a name with a backslash is a path.
  const listed = (await repository.list(commit, folder, false)).filter((entry) => !entry.path.includes('\\'));
  const names = listed.map((entry) => entry.path);
  const asked = basename(path);
  const prefix = asked.replace(/-(?:symbol\.json|\d{4}\.params)$/, '');
  if (!names.includes(`${prefix}-symbol.json`)) return null;
  const { symbol, params } = mxnetNames(names.includes(asked) ? asked : prefix, names, place);
  const files = listed.flatMap((entry) => {
    if (entry.path === symbol) return [fileIn(folder, entry, SYMBOL)];
    return entry.path === params ? [fileIn(folder, entry, PARAMS)] : [];
  });
  return { open: params, files };
}

function fileIn(folder: string, { path, kind, id }: ListedEntry, artifact: string): GitFile {
  return { path: posix.join(folder, path), name: path, artifact, entry: { kind, id } };
}
