import { basename } from 'node:path';
import { AyciError } from '../errors.ts';
import type { Format } from './formats.ts';
import { hintFor } from './kinds.ts';

const LFS = 'version https://git-lfs.github.com/spec/';
const ZIP = 'PK\x03\x04';

export function isLfsPointer(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, LFS.length)).toString('latin1') === LFS;
}

/**
 * Looks at a file's first bytes: what must never reach a parser is named and refused here, whatever its name.
 * @param head at least 64 bytes, where the file has them
 */
export function refuseByContent(
  place: string,
  path: string,
  head: Uint8Array,
  size: number,
  { what, begins, hint }: Pick<Format, 'what' | 'begins' | 'hint'>,
): void {
  const refuse = (is: string, next: string): never => {
    throw new AyciError('model-invalid', `${place}: ${JSON.stringify(path)} ${is}`, { hint: next });
  };
  const start = Buffer.from(head.subarray(0, 64)).toString('latin1');
  if (size === 0) refuse(`is empty; expected ${what}`, 'Was its export or download cut short?');
  if (start.startsWith(LFS)) {
    refuse('is a Git LFS pointer, not the model', 'Run git lfs pull (in a workflow: actions/checkout with lfs: true).');
  }
  // A pickle's first operator is PROTO (0x80) with its version; older ones are text, which no model is.
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) {
    refuse(
      'is a Python pickle; AYCI never loads pickles',
      begins === 'zip' ? hint : 'Export the model: docs/models.md says how.',
    );
  }
  if (start.startsWith(ZIP) && begins !== 'zip') {
    refuse(`is a zip archive; expected ${what}`, hintFor(path));
  }
  if (start.startsWith('\x89HDF')) {
    refuse(`is an HDF5 file; expected ${what}`, 'Keras: model.export(folder) writes a SavedModel.');
  }
  if ((begins === 'json' ? /^\s*(?:md5:|outs:|<)/ : /^\s*(?:[{[<]|md5:|outs:)/).test(start)) {
    refuse(`is a text file; expected ${what}`, `Is it a pointer, such as DVC's, to ${JSON.stringify(basename(path))}?`);
  }
  if (begins === 'zip' && !start.startsWith(ZIP)) refuse(`is no zip archive; expected ${what}`, hint);
}
