import { lstat, readFile } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { type GitOptions, runGit, tryGit } from '../model/git-run.ts';
import { readOnnx } from '../model/onnx.ts';
import { modelSource } from '../model/source.ts';
import type { TensorSignature } from '../types/model.ts';

/** A model of the repository. */
export interface FoundModel {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  /** What it takes; null where its content is elsewhere (Git LFS). */
  readonly inputs: readonly TensorSignature[] | null;
}

export interface FoundModels {
  readonly models: readonly FoundModel[];
  /** Some are kept by Git LFS: a checkout has to fetch them. */
  readonly lfs: boolean;
  /** Files that look like models and are none, and why, one line each. */
  readonly passedOver: readonly string[];
}

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';
/** Protobuf's own limit of one message. */
const LARGEST_FILE = 2 ** 31 - 1;

/** What a file is: its inputs and external data, `pointer`, or why it is no model. */
async function look(
  path: string,
): Promise<{ readonly inputs: readonly TensorSignature[]; readonly external: readonly string[] } | 'pointer' | Error> {
  const found = await lstat(path).catch(() => null);
  if (found === null || !found.isFile()) return new Error('it is not a regular file');
  if (found.size > LARGEST_FILE) return new Error('it has more than 2 GiB');
  try {
    const bytes = await readFile(path);
    if (bytes.subarray(0, LFS_POINTER.length).toString('latin1') === LFS_POINTER) return 'pointer';
    const { signature, externalData } = readOnnx(bytes);
    return { inputs: signature.inputs, external: externalData };
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

/** What a model of another format takes, and its files; or why it is none. Nothing of it is run. */
async function lookAt(
  path: string,
  folder: string,
): Promise<{ readonly inputs: readonly TensorSignature[]; readonly external: readonly string[] } | 'pointer' | Error> {
  const source = modelSource(() => 'model');
  try {
    const { files, signature } = await source.candidate(path, null);
    return { inputs: signature.inputs, external: files.map((file) => relative(folder, file.source)) };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    // Where Git LFS keeps it, it cannot be read here, and can where the workflow runs.
    return /Git LFS pointer/.test(message) ? 'pointer' : new Error(message);
  } finally {
    await source.close();
  }
}

/** What the configuration names where a file of this name is found: a SavedModel is its folder. */
function namedBy(path: string): string {
  return posix.basename(path) === 'saved_model.pb' ? posix.dirname(path) : path;
}

/** What the configuration has no way to write: see `pathOf`. */
function isNameable(path: string): boolean {
  return path.length <= 250 && !/[\p{Cc}\\]/u.test(path) && path.trim() === path;
}

/** Whether git keeps any of the files in LFS, as `.gitattributes` says. */
async function inLfs(git: GitOptions, paths: readonly string[]): Promise<boolean> {
  if (paths.length === 0) return false;
  const said = await tryGit(git, ['check-attr', '-z', 'filter', '--', ...paths]);
  return (said ?? '').split('\0').some((value, at) => at % 3 === 2 && value === 'lfs');
}

/** Files by which models are found. TorchScript's `.pt` is left out: most files of that name are checkpoints. */
const PATTERNS = ['*.onnx', '*.pt2', 'saved_model.pb', '*-symbol.json'].map((name) => `:(glob,icase)**/${name}`);

/**
 * The models of a repository, by content: those that git has or would add, none of node_modules.
 * @throws GitError where git cannot list its files
 */
export async function findModels(git: GitOptions): Promise<FoundModels> {
  // A monitor that the clone's configuration names would be run by git.
  const quiet = ['-c', 'core.fsmonitor=false'];
  const asked = [...quiet, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...PATTERNS];
  const listed = (await runGit(git, asked)).split('\0').filter((path) => path !== '');
  const paths = [...new Set(listed)].filter((path) => !path.split('/').includes('node_modules')).sort();
  const models: FoundModel[] = [];
  const external: string[] = [];
  const passedOver: string[] = [];
  let pointers = 0;
  for (const path of paths) {
    const named = namedBy(path);
    const full = join(git.cwd, named);
    const isOnnx = /\.onnx$/i.test(path);
    const seen = !isNameable(named)
      ? new Error('its name cannot be written in the configuration')
      : await (isOnnx ? look(full) : lookAt(full, git.cwd));
    if (seen instanceof Error) passedOver.push(`${path}: ${seen.message}`);
    else if (seen === 'pointer') {
      pointers += 1;
      models.push({ path: named, inputs: null });
    } else {
      models.push({ path: named, inputs: seen.inputs });
      external.push(...seen.external.map((name) => (isOnnx ? posix.join(posix.dirname(path), name) : name)));
    }
  }
  const files = [...models.map(({ path }) => path), ...external.filter((path) => !path.startsWith('..'))];
  return { models, lfs: pointers > 0 || (await inLfs(git, files)), passedOver };
}
