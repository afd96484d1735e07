import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** One field of a protobuf message: varints as bigint, the length-delimited as a view without a copy. */
export type Field =
  | { readonly no: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly no: number; readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly no: number; readonly kind: 'fixed' };

/**
 * The fields of one message, in order.
 * @throws Error where the bytes end early or are no protobuf
 */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [no, wire] = reader.tag();
    if (wire === WireType.Varint) yield { no, kind: 'varint', value: BigInt(reader.uint64()) };
    else if (wire === WireType.LengthDelimited) {
      const begin = reader.pos;
      const size = reader.uint32();
      const read = reader.pos - begin;
      // Of more bits the reader would drop those above 32, which others do not.
      if (read > 5 || (read === 5 && (bytes[reader.pos - 1] ?? 0) > 7)) throw new RangeError(`a size in field ${no}`);
      const end = reader.pos + size;
      if (end > reader.len) throw new RangeError('premature end');
      const value = bytes.subarray(reader.pos, end);
      reader.pos = end;
      yield { no, kind: 'bytes', value };
    } else if (wire === WireType.Bit32 || wire === WireType.Bit64) {
      reader.skip(wire);
      yield { no, kind: 'fixed' };
    } else throw new RangeError(`wire type ${wire} in field ${no}`);
  }
}

/** Integers of a repeated field, packed as proto3 writes them. */
export function packed(bytes: Uint8Array): readonly bigint[] {
  const reader = new BinaryReader(bytes);
  const values: bigint[] = [];
  while (reader.pos < reader.len) values.push(BigInt(reader.uint64()));
  return values;
}

/** Nobody writes a message in parts. */
const MOST_PARTS = 1000;

/**
 * The message in a field that should come once: parsers merge those that come again, as if their bytes were one.
 * @throws Error where it comes more than MOST_PARTS times
 */
export function messageAt(bytes: Uint8Array, no: number): Uint8Array | null {
  const found: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes' || field.no !== no) continue;
    found.push(field.value);
    if (found.length > MOST_PARTS) throw new RangeError(`field ${no} more than ${MOST_PARTS} times`);
  }
  const [first = null, ...others] = found;
  return others.length === 0 ? first : Buffer.concat(found);
}

/** The text of a field; of those that come again the last one counts. */
export function textIn(bytes: Uint8Array, no: number): string {
  let last = '';
  for (const field of fieldsOf(bytes)) if (field.kind === 'bytes' && field.no === no) last = text(field.value);
  return last;
}

/** Whole: a byte order mark is a character of a name like any other. @throws Error for what is no UTF-8 */
export function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}
