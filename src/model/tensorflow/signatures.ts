import type { Dimension, Dtype, TensorSignature } from '../../types/model.ts';
import { fieldsOf, text } from '../wire.ts';
import { entryOf, nodeOf } from './graph.ts';
import type { Parts } from './parts.ts';

/** tensorflow/core/framework/types.proto. */
const DTYPE_OF: Readonly<Record<number, Dtype>> = {
  1: 'float32',
  2: 'float64',
  3: 'int32',
  4: 'uint8',
  5: 'int16',
  6: 'int8',
  7: 'string',
  9: 'int64',
  10: 'bool',
  14: 'bfloat16',
  17: 'uint16',
  19: 'float16',
  22: 'uint32',
  23: 'uint64',
};
const LARGEST_DIMENSION = 1_000_000_000n;
/** TensorFlow's own limit. */
const MOST_DIMENSIONS = 254;

interface TensorInfo {
  /** Of the node that it is fed to or comes from; null: it is made of several tensors. */
  readonly node: string | null;
  readonly dtype: Dtype | undefined;
  readonly dims: readonly Dimension[] | null;
}

/** A SignatureDef (meta_graph.proto): tensors by their names, sorted. */
export interface SavedSignature {
  readonly inputs: readonly (readonly [string, TensorInfo])[];
  readonly outputs: readonly (readonly [string, TensorInfo])[];
}

export function readSignature(bytes: Uint8Array, parts: Parts): SavedSignature {
  const inputs = new Map<string, TensorInfo>();
  const outputs = new Map<string, TensorInfo>();
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes' || (field.no !== 1 && field.no !== 2)) continue;
    parts.add();
    const { key, value } = entryOf(field.value);
    (field.no === 1 ? inputs : outputs).set(key, readTensorInfo(value, key));
  }
  const sorted = (tensors: ReadonlyMap<string, TensorInfo>) => [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  return { inputs: sorted(inputs), outputs: sorted(outputs) };
}

/** TensorInfo: `name` 1, `dtype` 2, `tensor_shape` 3, `coo_sparse` 4, `composite_tensor` 5. */
function readTensorInfo(bytes: Uint8Array, key: string): TensorInfo {
  let node: string | null = null;
  let dtype: Dtype | undefined;
  let dims: readonly Dimension[] | null = [];
  for (const field of fieldsOf(bytes)) {
    if (field.no === 1 && field.kind === 'bytes') node = nodeOf(text(field.value));
    if (field.no === 2 && field.kind === 'varint') dtype = DTYPE_OF[Number(field.value)];
    if (field.no === 3 && field.kind === 'bytes') dims = readShape(field.value, JSON.stringify(key.slice(0, 100)));
  }
  return { node, dtype, dims };
}

/** TensorShapeProto: `dim` 2 (`size` 1, `name` 2), `unknown_rank` 3; null: the rank is not known. */
export function readShape(bytes: Uint8Array, shown: string): readonly Dimension[] | null {
  const dims: Dimension[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.no === 3 && field.kind === 'varint' && field.value !== 0n) return null;
    if (field.no !== 2 || field.kind !== 'bytes') continue;
    let size = 0n;
    for (const part of fieldsOf(field.value))
      if (part.no === 1 && part.kind === 'varint') size = BigInt.asIntN(64, part.value);
    if (size < -1n || size > LARGEST_DIMENSION) throw new Error(`its tensor ${shown} has a dimension of ${size}`);
    if (dims.length === MOST_DIMENSIONS)
      throw new Error(`its tensor ${shown} has more than ${MOST_DIMENSIONS} dimensions`);
    dims.push(size === -1n ? null : Number(size));
  }
  return dims;
}

/** @throws Error for what no tensor of numbers, booleans or strings is */
export function inputsOf({ inputs }: SavedSignature): readonly TensorSignature[] {
  return inputs.map(([name, { node, dtype, dims }]) => {
    const shown = `its input ${JSON.stringify(name.slice(0, 100))}`;
    if (node === null) throw new Error(`${shown} is a sparse or composite tensor; AYCI feeds dense ones`);
    if (dtype === undefined) throw new Error(`${shown} is of an element type that AYCI cannot feed`);
    return { name, dtype, dims };
  });
}
