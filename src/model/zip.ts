import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { RefusedModel } from './facts.ts';

/** A zip archive whose directory was looked through; members are unpacked in memory, one by one. */
export interface Archive {
  /** By name without the root folder that all of them share (torch writes one); '' where they share none. */
  readonly root: string;
  readonly members: ReadonlyMap<string, Entry>;
  /** @throws Error where it is missing, damaged or larger than `limit` bytes */
  read(name: string, limit: number): Promise<Buffer>;
}

/** Bytes somewhere: a file, a part of one. */
export interface Bytes {
  readonly size: number;
  /** @throws Error where they end before `end` */
  read(start: number, end: number): Promise<Buffer>;
}

/** torch stores tensors as they are: only code and small records are deflated, to a tenth or so. */
const MOST_INFLATED = 100;
const FREE = 2 ** 20;
const MOST_MEMBERS = 200_000;
const STORED = 0;
const DEFLATED = 8;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const END_OF_DIRECTORY = 22;

class Access extends RandomAccessReader {
  readonly #bytes: Bytes;

  constructor(bytes: Bytes) {
    super();
    this.#bytes = bytes;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const bytes = this.#bytes;
    return Readable.from(
      (async function* chunks() {
        for (let at = start; at < end; at += 2 ** 20) yield await bytes.read(at, Math.min(end, at + 2 ** 20));
      })(),
      { objectMode: false },
    );
  }
}

/** Opens a file for reading parts of it, for as long as `work` takes. */
export async function withBytes<T>(path: string, work: (bytes: Bytes) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = async (start: number, end: number): Promise<Buffer> => {
      if (start < 0 || end > size || end < start) throw new Error('it ends early');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      if (bytesRead < end - start) throw new Error('it ends early');
      return buffer;
    };
    return await work({ size, read });
  } finally {
    await file.close();
  }
}

/**
 * The archive that bytes are. Refused: what two readers could see differently (doubled or odd names, bytes after the
 * directory, members that overlap), links, encryption, and what unpacks to too much.
 * @throws Error or RefusedModel that says what is wrong
 */
export async function openArchive(bytes: Bytes): Promise<Archive> {
  const end = await bytes.read(Math.max(0, bytes.size - END_OF_DIRECTORY), bytes.size);
  if (end.length < END_OF_DIRECTORY || end.readUInt32LE(0) !== 0x06054b50 || end.readUInt16LE(20) !== 0)
    throw new Error('its zip archive ends early, or in something else');
  const zip = await fromRandomAccessReaderPromise(new Access(bytes), bytes.size, {
    autoClose: false,
    strictFileNames: true,
  });
  const entries = await directory(zip, bytes.size);
  const root = commonRoot(entries);
  const members = new Map(entries.map((entry) => [entry.fileName.slice(root.length), entry]));
  return {
    root,
    members,
    read: async (name, limit) => {
      const entry = members.get(name);
      if (entry === undefined) throw new Error(`it has no member ${name}`);
      if (entry.uncompressedSize > limit)
        throw new RefusedModel(`has a member ${name} of ${entry.uncompressedSize} bytes`, `At most ${limit} are read.`);
      return unpacked(zip, entry);
    },
  };
}

async function directory(zip: ZipFile, size: number): Promise<readonly Entry[]> {
  if (zip.entryCount > MOST_MEMBERS) throw new Error(`its archive has ${zip.entryCount} members`);
  const entries: Entry[] = [];
  // torch's reader does not tell upper from lower case.
  const names = new Set<string>();
  let packed = 0;
  let inflated = 0;
  for await (const entry of zip.eachEntry()) {
    checkEntry(entry);
    const name = entry.fileName.toLowerCase();
    if (names.has(name)) throw refused(entry, 'twice');
    names.add(name);
    packed += entry.compressedSize;
    if (packed > size) throw new RefusedModel('is an archive whose members overlap', 'Export the model again.');
    inflated += entry.compressionMethod === STORED ? 0 : entry.uncompressedSize;
    if (inflated > FREE + MOST_INFLATED * size)
      throw new RefusedModel(
        `unpacks to more than ${MOST_INFLATED} times its size`,
        'Export the model again: torch stores tensors as they are.',
      );
    entries.push(entry);
  }
  return entries;
}

function refused({ fileName }: Entry, how: string): RefusedModel {
  return new RefusedModel(`has ${JSON.stringify(fileName.slice(0, 100))} ${how} in it`, 'Export the model again.');
}

function checkEntry(entry: Entry): void {
  const kind = (entry.externalFileAttributes >>> 16) & S_IFMT;
  if (kind !== 0 && kind !== S_IFREG) throw refused(entry, 'as a link or device');
  if (entry.isEncrypted()) throw refused(entry, 'encrypted');
  if (!/^[ -[\]-~]+$/.test(entry.fileName)) throw refused(entry, 'by an odd name');
  if (entry.fileName.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw refused(entry, 'by a name that leads elsewhere');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    throw refused(entry, `by compression method ${entry.compressionMethod}`);
  if (entry.compressionMethod === STORED && entry.compressedSize !== entry.uncompressedSize)
    throw refused(entry, 'with two sizes');
}

/** With its slash; '' where not all members lie in one folder. */
function commonRoot(entries: readonly Entry[]): string {
  const roots = new Set(entries.map(({ fileName }) => fileName.slice(0, fileName.indexOf('/') + 1)));
  const [root = ''] = roots;
  return roots.size === 1 ? root : '';
}

/** yauzl ends a stream with an error as soon as it gives more than the directory said. */
async function unpacked(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) throw new Error(`the checksum of its member ${entry.fileName} is wrong`);
  return bytes;
}

/** A stored member as bytes of their own: an archive within the archive, for example. */
export async function memberBytes(archive: Archive, name: string, limit: number): Promise<Bytes> {
  const bytes = await archive.read(name, limit);
  return {
    size: bytes.length,
    read: async (start, end) => {
      if (start < 0 || end > bytes.length || end < start) throw new Error(`its member ${name} ends early`);
      return bytes.subarray(start, end);
    },
  };
}
