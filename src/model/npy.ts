import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AyciError } from '../errors.ts';
import type { Fill } from '../types/model.ts';

/** The header of a `.npy` and where the file is. */
export interface NpyFile {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly fill: Fill;
}

/**
 * Reads a `.npy`'s header; the data stay for the runtime. Python objects (pickles) are refused.
 * @throws AyciError `bad-input`
 */
export async function readNpy(name: string, path: string): Promise<NpyFile> {
  const place = `--input ${name}`;
  const shown = JSON.stringify(path);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AyciError('bad-input', `${place}: no file ${shown}; expected the path of a .npy file`, { cause });
  });
  const header = headerOf(bytes);
  if (header === null) {
    throw new AyciError('bad-input', `${place}: ${shown} is not a .npy file`, { hint: 'Write it with numpy.save.' });
  }
  if (header.descr.includes('O')) {
    throw new AyciError('bad-input', `${place}: ${shown} holds Python objects, which AYCI never unpickles`, {
      hint: 'Save an array of numbers.',
    });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...header, fill: { kind: 'file', url: pathToFileURL(resolve(path)).href, sha256, size: bytes.length } };
}

/** Format: numpy.lib.format, versions 1 to 3. */
function headerOf(bytes: Buffer): { readonly descr: string; readonly shape: readonly number[] } | null {
  if (bytes.length < 12 || bytes.subarray(0, 6).toString('latin1') !== '\x93NUMPY') return null;
  const long = (bytes[6] ?? 0) > 1;
  const length = long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const start = long ? 12 : 10;
  const text = bytes.subarray(start, start + length).toString('latin1');
  const descr = /'descr':\s*('[^']*'|\[.*?\])/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || shape === undefined) return null;
  const dims = shape
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '');
  return { descr: descr.startsWith("'") ? descr.slice(1, -1) : 'O', shape: dims.map(Number) };
}
