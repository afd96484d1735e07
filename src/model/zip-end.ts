import type { Bytes } from './zip.ts';

/** Where the directory of a zip archive lies, and how many members it lists. */
export interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

const MOST_MEMBERS = 200_000;
const LARGEST_DIRECTORY = 64 * 2 ** 20;
const END = 22;
const LOCATOR = 20;
const LARGE_END = 56;
const MAX16 = 0xffff;
const MAX32 = 0xffffffff;
/** What the first end record has in place of numbers that are in the one of zip64. */
const ABSENT = [MAX16, MAX16, MAX16, MAX16, MAX32, MAX32];

/**
 * Finds the directory where all readers do: some go by its offset, others by its size, backwards from its end.
 * @throws Error where two could find another, or where something is behind it
 */
export async function findDirectory(bytes: Bytes): Promise<Directory> {
  const tail = await bytes.read(Math.max(0, bytes.size - END - LOCATOR - LARGE_END), bytes.size);
  const end = tail.subarray(Math.max(0, tail.length - END));
  if (end.length < END || end.readUInt32LE(0) !== 0x06054b50 || end.readUInt16LE(20) !== 0)
    throw new Error('its zip archive ends early, or in something else');
  const told = [4, 6, 8, 10].map((at) => end.readUInt16LE(at)).concat([12, 16].map((at) => end.readUInt32LE(at)));
  const large = largeEnd(tail, bytes.size);
  if (large?.some((value, index) => told[index] !== value && told[index] !== ABSENT[index]))
    throw new Error('its zip archive has two end records that differ');
  const [disk, first, here, count = 0, size = 0, offset = 0] = large ?? told;
  if (disk !== 0 || first !== 0 || here !== count) throw new Error('its zip archive is a part of one');
  if (count > MOST_MEMBERS || size > LARGEST_DIRECTORY)
    throw new Error(
      `its archive has ${count} members in a directory of ${size} bytes; expected at most ${MOST_MEMBERS} in ${LARGEST_DIRECTORY}`,
    );
  const behind = bytes.size - END - (large === null ? 0 : LOCATOR + LARGE_END);
  if (offset + size !== behind)
    throw new Error(`its zip directory does not end at its end record, got ${offset} + ${size}; expected ${behind}`);
  return { offset, size, count };
}

/** The same numbers of zip64, in the same order; null where a reader would not look for them. */
function largeEnd(tail: Buffer, size: number): readonly number[] | null {
  const at = tail.length - END - LOCATOR;
  if (at < 0 || tail.readUInt32LE(at) !== 0x07064b50) return null;
  const begin = size - END - LOCATOR - LARGE_END;
  const isPlain =
    at >= LARGE_END &&
    tail.readUInt32LE(at + 4) === 0 &&
    longAt(tail, at + 8) === begin &&
    tail.readUInt32LE(at + 16) === 1 &&
    tail.readUInt32LE(0) === 0x06064b50 &&
    longAt(tail, 4) === LARGE_END - 12;
  if (!isPlain) throw new Error('the zip64 end record of its archive is not right before its locator');
  return [16, 20].map((from) => tail.readUInt32LE(from)).concat([24, 32, 40, 48].map((from) => longAt(tail, from)));
}

/** Eight bytes. What is beyond 2^53 is not exact, and beyond the end of any file. */
export function longAt(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
