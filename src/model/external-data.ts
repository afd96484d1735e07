import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { AyciError } from '../errors.ts';
import type { ModelFile } from '../types/model.ts';
import { hashed } from './hash.ts';
import { isLfsPointer } from './refusals.ts';

/**
 * A file of an ONNX model's weights. It has to lie in the model's own folder, links followed: a model must not read the
 * rest of the machine.
 * @throws AyciError `model-invalid`
 */
export async function externalFile(model: string, name: string, place: string): Promise<ModelFile> {
  const refuse = (what: string, hint: string): AyciError =>
    new AyciError(
      'model-invalid',
      `${place}: external data ${JSON.stringify(name)} of ${JSON.stringify(model)} ${what}`,
      { hint },
    );
  const outside = refuse("lies outside the model's folder", 'Save it beside the model.');
  if (name === '' || isAbsolute(name) || name.split(/[\\/]/).includes('..')) throw outside;
  const folder = await realpath(dirname(model));
  const missing = refuse('is missing', 'Commit it beside the model.');
  const source = await realpath(join(folder, name)).catch(() => {
    throw missing;
  });
  const inside = relative(folder, source);
  if (inside === '' || inside.startsWith(`..${sep}`) || inside === '..' || isAbsolute(inside)) throw outside;
  await access(source, constants.R_OK).catch(() => {
    throw refuse('cannot be read', 'Check its permissions.');
  });
  const { sha256, size, head } = await hashed(source);
  if (isLfsPointer(head))
    throw refuse('is a Git LFS pointer', 'Run git lfs pull (in a workflow: actions/checkout with lfs: true).');
  return { path: name.split('\\').join('/'), sha256, size, source };
}
