import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AyciError } from '../errors.ts';
import type { Fill } from '../types/model.ts';
import { hashed } from './hash.ts';

/** The header of a `.npy` and where the file is. */
export interface NpyFile {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly fill: Fill;
}

/** Bytes: numpy itself reads no header of more than 10,000. */
const LONGEST_HEADER = 16_384;

/**
 * Reads a `.npy`'s header; the data stay for the runtime. Python objects (pickles) are refused, and records.
 * @throws AyciError `bad-input`
 */
export async function readNpy(name: string, path: string): Promise<NpyFile> {
  const refuse = (what: string, hint: string, cause?: unknown): AyciError =>
    new AyciError('bad-input', `--input ${name}: ${what}`, { hint, cause });
  const shown = JSON.stringify(path);
  const failed = (cause: unknown): AyciError =>
    isMissing(cause)
      ? refuse(`no file ${shown}; expected the path of a .npy file`, 'Check the path.', cause)
      : refuse(`${shown} cannot be read`, 'Check its permissions.', cause);
  const begin = await beginOf(path).catch((cause: unknown) => {
    throw failed(cause);
  });
  if (begin === null) throw refuse(`${shown} is no regular file; expected a .npy file`, 'Name the file itself.');
  const header = headerOf(begin);
  if (header === null) throw refuse(`${shown} is not a .npy file`, 'Write it with numpy.save.');
  const { descr, shape } = header;
  if (descr.startsWith('['))
    throw refuse(`${shown} holds records (a structured array); expected numbers`, 'Save each field as its own array.');
  if (descr.includes('O'))
    throw refuse(`${shown} holds Python objects, which AYCI never unpickles`, 'Save an array of numbers.');
  const { sha256, size } = await hashed(path).catch((cause: unknown) => {
    throw failed(cause);
  });
  return { descr, shape, fill: { kind: 'file', url: pathToFileURL(resolve(path)).href, sha256, size } };
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');
}

/** How a file begins; null: it is none. */
async function beginOf(path: string): Promise<Buffer | null> {
  // Not to wait for a pipe's writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER), 0, LONGEST_HEADER, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Format: numpy.lib.format, versions 1 to 3. */
function headerOf(bytes: Buffer): { readonly descr: string; readonly shape: readonly number[] } | null {
  if (bytes.length < 12 || bytes.subarray(0, 6).toString('latin1') !== '\x93NUMPY') return null;
  const long = (bytes[6] ?? 0) > 1;
  const length = long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const start = long ? 12 : 10;
  if (start + length > bytes.length) return null;
  const text = bytes.subarray(start, start + length).toString('latin1');
  // Of records: a list, which may hold shapes and dicts of its own.
  const descr = /'descr':\s*(?:'([^']*)'|(\[))/.exec(text);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === null || shape === undefined) return null;
  const dims = shape
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '');
  return { descr: descr[1] ?? '[', shape: dims.map(Number) };
}
