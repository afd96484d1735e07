import { crc32, deflateRawSync } from 'node:zlib';

/** One file of a zip, and what its headers say of it: what is not given is the truth. */
export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Already deflated: `bytes` is what was packed then. */
  readonly packed?: Buffer;
  readonly uncompressedSize?: number;
  readonly crc?: number;
  /** File type and permissions as Unix has them: 0o120777 is a link. */
  readonly mode?: number;
  readonly encrypted?: boolean;
  /** Extra fields in the directory. */
  readonly extra?: Buffer;
  /** What stands in its own header alone. */
  readonly own?: { readonly name?: string; readonly method?: number; readonly crc?: number; readonly extra?: Buffer };
}

const packedOf = (file: ZipFile) => file.packed ?? deflateRawSync(file.bytes);

function header(file: ZipFile, packed: Buffer): Buffer {
  const name = Buffer.from(file.name);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x800 + (file.encrypted ? 1 : 0), 2);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt32LE(file.crc ?? crc32(file.bytes), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(file.uncompressedSize ?? file.bytes.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

/** A member as it lies before the directory: its own header, and its bytes. */
export function localOf(file: ZipFile): Buffer {
  const { name = file.name, method = 8, crc, extra = Buffer.of() } = file.own ?? {};
  const packed = packedOf(file);
  const fields = header(crc === undefined ? { ...file, name } : { ...file, name, crc }, packed);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt16LE(extra.length, 24);
  return Buffer.concat([Buffer.from('504b0304', 'hex'), fields, Buffer.from(name), extra, packed]);
}

/** A member as the directory lists it. */
export function entryOf(file: ZipFile, offset: number, comment = Buffer.of()): Buffer {
  const { extra = Buffer.of() } = file;
  const fields = header(file, packedOf(file));
  fields.writeUInt16LE(extra.length, 24);
  const end = Buffer.alloc(14);
  end.writeUInt16LE(comment.length, 0);
  end.writeUInt32LE(((file.mode ?? 0o100644) << 16) >>> 0, 6);
  end.writeUInt32LE(offset, 10);
  const begin = Buffer.from([0x50, 0x4b, 1, 2, 20, 3]);
  return Buffer.concat([begin, fields, end, Buffer.from(file.name), extra, comment]);
}

/** The end record. */
export function endOf(count: number, size: number, offset: number): Buffer {
  const last = Buffer.alloc(22);
  last.writeUInt32LE(0x06054b50, 0);
  last.writeUInt16LE(count, 8);
  last.writeUInt16LE(count, 10);
  last.writeUInt32LE(size, 12);
  last.writeUInt32LE(offset, 16);
  return last;
}

/** A zip as anybody could write one: deflated files, one directory, and headers that may lie. */
export function zipOf(files: readonly ZipFile[], count = files.length): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const local = localOf(file);
    directory.push(entryOf(file, offset));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  return Buffer.concat([...parts, listed, endOf(count, listed.length, offset)]);
}

/** Zeros, deflated: about a thousandth of their size, and never unpacked here. */
export function deflatedZeros(bytes: number): Buffer {
  const chunk = 1 << 20;
  // A full flush ends the block on a byte, so that the same block can follow itself.
  const block = deflateRawSync(Buffer.alloc(chunk), { finishFlush: 3 });
  const last = deflateRawSync(Buffer.alloc(bytes % chunk));
  return Buffer.concat([...Array.from({ length: Math.floor(bytes / chunk) }, () => block), last]);
}
