import { open, stat } from 'node:fs/promises';
import { AyciError } from '../errors.ts';
import { quoted } from '../inputs/values.ts';

/** How messages speak of a file that a user wrote, and how large it may be. */
export interface TextFile {
  /** Where its path came from: `--config`. */
  readonly place: string;
  /** The path as the user knows it. */
  readonly name: string;
  /** `the path of a YAML file`. */
  readonly expected: string;
  /** What to do where there is none. */
  readonly missing: string;
  /** Bytes. */
  readonly largest: number;
}

/**
 * The text of a regular file.
 * @param path where its bytes lie, which may be a copy of what `file` names
 * @throws AyciError `bad-input` where there is none, or it is no UTF-8 text of at most `largest` bytes
 */
export async function readTextFile(path: string, file: TextFile): Promise<string> {
  const bad = (what: string, hint: string, cause?: unknown): AyciError =>
    new AyciError('bad-input', `${file.place}: ${what}, got ${quoted(file.name)}; expected ${file.expected}`, {
      hint,
      cause,
    });
  const found = await stat(path).catch((cause: unknown) => {
    throw bad('there is no such file', file.missing, cause);
  });
  if (!found.isFile()) throw bad('is not a regular file', 'Name the file itself.');
  if (found.size > file.largest)
    throw bad(`has ${found.size} bytes, more than ${file.largest}`, 'Is it the right file?');
  const bytes = await content(path, file.largest).catch((cause: unknown) => {
    throw bad('cannot be read', 'Check its permissions.', cause);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw bad('is not UTF-8 text', 'Save it as UTF-8.', cause);
  }
}

/** At most one byte more than is allowed, whatever has become of the file since it was looked at. */
async function content(path: string, largest: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(largest + 1), 0, largest + 1, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
