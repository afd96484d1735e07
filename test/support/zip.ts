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
}

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

/** A zip as anybody could write one: deflated files, one directory, and headers that may lie. */
export function zipOf(files: readonly ZipFile[], count = files.length): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const packed = file.packed ?? deflateRawSync(file.bytes);
    const fields = header(file, packed);
    const name = Buffer.from(file.name);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), fields, name, packed]);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(((file.mode ?? 0o100644) << 16) >>> 0, 6);
    end.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('504b0102', 'hex'), Buffer.from([20, 3]), fields, end, name]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const last = Buffer.alloc(22);
  last.writeUInt32LE(0x06054b50, 0);
  last.writeUInt16LE(count, 8);
  last.writeUInt16LE(count, 10);
  last.writeUInt32LE(listed.length, 12);
  last.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, last]);
}

/** Zeros, deflated: about a thousandth of their size, and never unpacked here. */
export function deflatedZeros(bytes: number): Buffer {
  const chunk = 1 << 20;
  // A full flush ends the block on a byte, so that the same block can follow itself.
  const block = deflateRawSync(Buffer.alloc(chunk), { finishFlush: 3 });
  const last = deflateRawSync(Buffer.alloc(bytes % chunk));
  return Buffer.concat([...Array.from({ length: Math.floor(bytes / chunk) }, () => block), last]);
}
