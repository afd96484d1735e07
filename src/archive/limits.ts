import { AyciError } from '../errors.ts';

/** An object that is read whole is never larger than this: no version writes more, packed or unpacked. */
export const LARGEST_OBJECT = 64 * 1024 * 1024;

/** A model's file is never larger than what a function can keep in /tmp. */
export const LARGEST_FILE = 10_240 * 1024 * 1024;

/** An object that was left unread for its size. */
export class TooLargeError extends AyciError {
  readonly size: number;

  constructor(archive: string, key: string, size: number, limit: number) {
    super('archive', `archive ${archive}: ${key} has ${size} bytes; expected at most ${limit}`, {
      hint: 'Move it away; it is never overwritten.',
    });
    this.size = size;
  }
}
