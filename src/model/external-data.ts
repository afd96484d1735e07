import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { AyciError } from '../errors.ts';
import type { ModelFile } from '../types/model.ts';
import { hashed } from './hash.ts';
import { isLfsPointer } from './refusals.ts';

type Hashed = Awaited<ReturnType<typeof hashed>>;

/**
 * The files of an ONNX model's weights, one after another: there may be more than can be open at once. Several links to
 * one file are read once.
 * @param names plain, as `OnnxFacts` has them
 * @param entry what the model is called where a runtime opens it: no other file may have that name
 * @throws AyciError `model-invalid`
 */
export async function externalFiles(
  model: string,
  names: readonly string[],
  entry: string,
  place: string,
): Promise<readonly ModelFile[]> {
  const known = new Map<string, Hashed>();
  const files: ModelFile[] = [];
  for (const name of names) files.push(await externalFile(model, name, entry, place, known));
  return files;
}

/**
 * A file of an ONNX model's weights. It has to lie in the model's own folder, links followed: a model must not read the
 * rest of the machine.
 * @param known what was read before, by where it really is
 */
async function externalFile(
  model: string,
  name: string,
  entry: string,
  place: string,
  known: Map<string, Hashed>,
): Promise<ModelFile> {
  const refuse = (what: string, hint: string): AyciError =>
    new AyciError(
      'model-invalid',
      `${place}: external data ${JSON.stringify(name.slice(0, 100))} of ${JSON.stringify(model)} ${what}`,
      { hint },
    );
  // Where letters have no case, `Model.onnx` is the same file.
  if (name.split('/')[0]?.toLowerCase() === entry)
    throw refuse(
      `has the name of the model where it is opened, ${entry}; expected another`,
      'Save it by another name.',
    );
  const folder = await realpath(dirname(model));
  const source = await realpath(join(folder, name)).catch(() => {
    throw refuse('is missing', 'Commit it beside the model.');
  });
  const inside = relative(folder, source);
  if (inside === '' || inside.startsWith(`..${sep}`) || inside === '..' || isAbsolute(inside))
    throw refuse("lies outside the model's folder", 'Save it beside the model.');
  // Else a pipe would be waited for.
  if (!(await stat(source)).isFile()) throw refuse('is no regular file; expected one', 'Put the file itself there.');
  const unreadable = refuse('cannot be read', 'Check its permissions.');
  await access(source, constants.R_OK).catch(() => {
    throw unreadable;
  });
  const read = async (): Promise<Hashed> =>
    hashed(source).catch(() => {
      throw unreadable;
    });
  const is = known.get(source) ?? (await read());
  known.set(source, is);
  const { sha256, size, head } = is;
  if (isLfsPointer(head))
    throw refuse('is a Git LFS pointer', 'Run git lfs pull (in a workflow: actions/checkout with lfs: true).');
  return { path: name, sha256, size, source };
}
