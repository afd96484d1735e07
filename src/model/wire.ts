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
      const value = reader.bytes();
      if (reader.pos > reader.len) throw new RangeError('premature end');
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

/** The message in a field that should come once: parsers merge those that come again, as if their bytes were one. */
export function messageAt(bytes: Uint8Array, no: number): Uint8Array | null {
  const found: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) if (field.kind === 'bytes' && field.no === no) found.push(field.value);
  const [first = null, ...others] = found;
  return others.length === 0 ? first : Buffer.concat(found);
}

/** The text of a field; of those that come again the last one counts. */
export function textIn(bytes: Uint8Array, no: number): string {
  let last = '';
  for (const field of fieldsOf(bytes)) if (field.kind === 'bytes' && field.no === no) last = text(field.value);
  return last;
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
