import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { AyciError } from '../../errors.ts';
import { visible } from '../../report/escape.ts';
import { LIMITS as REPORT_LIMITS } from '../../report/untrusted/limits.ts';
import { LIMITS, megabytes } from './limits.ts';

const REPORT = 'report.json';
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const UNIX = 3;

function refuse(place: string, what: string, expected: string, cause?: unknown): AyciError {
  return new AyciError('bad-input', `${place}: ${what}; expected ${expected}`, cause === undefined ? {} : { cause });
}

/** Links, devices and pipes have no business in a report. */
function isPlain(entry: Entry): boolean {
  if (entry.versionMadeBy >> 8 !== UNIX) return true;
  const kind = (entry.externalFileAttributes >>> 16) & S_IFMT;
  return kind === 0 || kind === S_IFREG || kind === S_IFDIR;
}

/** Looks through the whole directory before a byte is unpacked. */
async function directory(zip: ZipFile, place: string): Promise<readonly Entry[]> {
  if (zip.entryCount > LIMITS.entries) {
    throw refuse(place, `holds too many files, got ${zip.entryCount}`, `at most ${LIMITS.entries}`);
  }
  const entries: Entry[] = [];
  const names = new Set<string>();
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const name = visible(entry.fileName, 80);
    if (!isPlain(entry)) throw refuse(place, `holds a link or a device, got ${name}`, 'plain files');
    if (names.has(entry.fileName)) throw refuse(place, `holds a file twice, got ${name}`, 'each once');
    names.add(entry.fileName);
    bytes += entry.uncompressedSize;
    if (bytes > LIMITS.unpacked) {
      throw refuse(place, `unpacks to too much, got ${bytes} bytes and more`, `at most ${megabytes(LIMITS.unpacked)}`);
    }
    entries.push(entry);
  }
  return entries;
}

/** yauzl ends a stream with an error as soon as it gives more than the directory said. */
async function unpacked(stream: Readable, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) throw new Error('its checksum is wrong');
  return bytes;
}

/**
 * The `report.json` of an artifact's zip, in memory: nothing is written, and nothing else of it is unpacked. The zip is
 * somebody else's: names that lead elsewhere, links, doubled names and whatever says less than it holds are refused.
 *
 * @param place what errors call it
 * @throws AyciError `bad-input` in one line, whatever the bytes are
 */
export async function reportInZip(bytes: Buffer, place: string): Promise<Buffer> {
  try {
    const zip = await fromBufferPromise(bytes, { strictFileNames: true });
    const entry = (await directory(zip, place)).find(({ fileName }) => fileName === REPORT);
    if (entry === undefined) throw refuse(place, `holds no ${REPORT}`, 'an artifact of AYCI');
    if (entry.uncompressedSize > REPORT_LIMITS.bytes) {
      const limit = megabytes(REPORT_LIMITS.bytes);
      throw refuse(place, `${REPORT} is too large, got ${entry.uncompressedSize} bytes`, `at most ${limit}`);
    }
    return await unpacked(await zip.openReadStreamPromise(entry), entry);
  } catch (thrown) {
    if (thrown instanceof AyciError) throw thrown;
    const why = thrown instanceof Error ? visible(thrown.message, 200) : 'an unknown error';
    throw refuse(place, `is no sound zip, got ${why}`, 'the zip of an artifact', thrown);
  }
}
