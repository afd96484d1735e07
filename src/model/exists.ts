import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AyciError } from '../errors.ts';
import { MODEL_KINDS } from './kinds.ts';

/** How a path names a model: a file, a folder with a SavedModel, or what the names of MXNet's two files begin with. */
export type PathKind = 'file' | 'folder' | 'prefix';

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * @param place how messages name where the path came from: `--model`
 * @throws AyciError `bad-input` where there is neither a file nor the folder of a SavedModel
 */
export async function requireModel(path: string, place: string): Promise<PathKind> {
  const shown = JSON.stringify(path);
  const found = await stat(path).catch(async (cause: unknown) => {
    // Of parameters whose symbol is there, the message lists the epochs that are.
    if (await isFile(`${path.replace(/-\d{4}\.params$/, '')}-symbol.json`)) return null;
    throw new AyciError('bad-input', `${place}: no file ${shown}; expected ${MODEL_KINDS}`, {
      hint: 'Is the path relative to the working directory?',
      cause,
    });
  });
  if (found === null) return 'prefix';
  if (found.isFile()) return 'file';
  if (!found.isDirectory())
    throw new AyciError('bad-input', `${place}: ${shown} is not a regular file; expected ${MODEL_KINDS}`);
  if (await isFile(join(path, 'saved_model.pb'))) return 'folder';
  throw new AyciError('bad-input', `${place}: ${shown} is a folder without saved_model.pb; expected ${MODEL_KINDS}`, {
    hint: 'Name the model in it.',
  });
}
