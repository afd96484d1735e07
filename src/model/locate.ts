import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AyciError } from '../errors.ts';
import { requireModel } from './exists.ts';
import { FORMATS, type Format, formatByName } from './formats.ts';
import { isMxnetName, mxnetNames, PARAMS, SYMBOL } from './mxnet/files.ts';
import { isOfSavedModel } from './tensorflow/files.ts';

/** Where a model's files are. */
export interface Located {
  /** Undefined: the name says of no format. */
  readonly format: Format | undefined;
  /** The entry first. ONNX's external data are not among them: its file names those. */
  readonly files: readonly { readonly path: string; readonly source: string }[];
}

/** As many as an archive keeps. */
const MOST_FILES = 10_000;
const ENTRY = 'saved_model.pb';

/**
 * Finds the files of the model that a path names: a file, a folder, or what two names begin with.
 * @throws AyciError `bad-input` where there is none; `model-invalid` where a link stands for a file of a SavedModel
 */
export async function locate(path: string, place: string): Promise<Located> {
  const kind = await requireModel(path, place);
  if (kind === 'folder') return savedModel(path, place);
  const name = basename(path);
  if (name === ENTRY) return savedModel(dirname(path), place);
  if (kind === 'prefix' || isMxnetName(name)) return mxnet(path, place);
  const format = formatByName(name);
  return { format, files: [{ path: format?.entry ?? name, source: await realpath(path) }] };
}

async function mxnet(path: string, place: string): Promise<Located> {
  const folder = dirname(path);
  const { symbol, params } = mxnetNames(basename(path), await readdir(folder), place);
  const files = [
    { path: SYMBOL, source: await realpath(join(folder, symbol)) },
    { path: PARAMS, source: await realpath(join(folder, params)) },
  ];
  return { format: FORMATS.mxnet, files };
}

async function savedModel(folder: string, place: string): Promise<Located> {
  const refuse = (what: string, hint: string): AyciError =>
    new AyciError('model-invalid', `${place}: ${JSON.stringify(folder)} ${what}`, { hint });
  const root = await realpath(folder);
  const files: string[] = [];
  const walk = async (below: string): Promise<void> => {
    const entries: readonly Dirent[] = await readdir(join(root, below), { withFileTypes: true });
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      const isOwnFolder = isOfSavedModel(`${path}/file`);
      if (!isOwnFolder && !isOfSavedModel(path)) continue;
      if (entry.isDirectory() && isOwnFolder) {
        await walk(path);
        continue;
      }
      if (!entry.isFile())
        throw refuse(`has ${JSON.stringify(path)}, which is a link or no file`, 'Put the file itself there.');
      files.push(path);
      if (files.length > MOST_FILES) throw refuse(`has more than ${MOST_FILES} files`, 'Is it the right folder?');
    }
  };
  await walk('');
  // A link in the place of the entry itself is no directory entry that is a file.
  if (!(await lstat(join(root, ENTRY))).isFile()) throw refuse(`has ${ENTRY} as a link`, 'Put the file itself there.');
  const sorted = [ENTRY, ...files.filter((path) => path !== ENTRY).sort()];
  return { format: FORMATS.savedModel, files: sorted.map((path) => ({ path, source: join(root, path) })) };
}
