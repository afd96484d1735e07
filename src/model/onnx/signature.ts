import type { Dimension, Dtype, Signature, TensorSignature } from '../../types/model.ts';
import { RefusedModel } from '../facts.ts';
import { fieldsOf, messageAt, text, textIn } from '../wire.ts';
import { LONGEST_NAME, MOST_DIMENSIONS } from './graph.ts';

const DTYPE_OF: Readonly<Record<number, Dtype>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

/** Ten times as many as the largest models have, caches of attention included. */
const MOST_VALUES = 10_000;
/** Up to IR version 3 weights are listed among the inputs as well. */
const MOST_LISTED = 300_000;
const LARGEST_DIMENSION = 1_000_000_000n;

/**
 * What a GraphProto takes and gives.
 * @throws Error for what is no tensor that can be fed; RefusedModel for more than MOST_VALUES
 */
export function signatureOf(graph: Uint8Array): Signature {
  const inputs: Uint8Array[] = [];
  const outputs: string[] = [];
  const initializers = new Set<string>();
  for (const field of fieldsOf(graph)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 5) initializers.add(textIn(field.value, 8));
    // A sparse one has the name of its values.
    if (field.no === 15) initializers.add(textIn(messageAt(field.value, 1) ?? new Uint8Array(), 8));
    if (field.no === 11) inputs.push(field.value);
    if (field.no === 12) outputs.push(named(textIn(field.value, 1), 'output'));
    if (inputs.length > MOST_LISTED) throw tooMany('inputs', MOST_LISTED);
    if (outputs.length > MOST_VALUES) throw tooMany('outputs', MOST_VALUES);
  }
  const fed = inputs.filter((value) => !initializers.has(textIn(value, 1)));
  if (fed.length > MOST_VALUES) throw tooMany('inputs', MOST_VALUES);
  return { inputs: fed.map(readValueInfo), outputs };
}

function tooMany(what: string, most: number): RefusedModel {
  return new RefusedModel(`has more than ${most} ${what}; expected at most ${most}`, 'Export the model with fewer.');
}

function named(name: string, what: string): string {
  if (name.length <= LONGEST_NAME) return name;
  throw new RefusedModel(
    `names ${what} ${JSON.stringify(name.slice(0, 100))} by ${name.length} characters; expected at most ${LONGEST_NAME}`,
    'Export the model with shorter names.',
  );
}

function readValueInfo(bytes: Uint8Array): TensorSignature {
  const name = named(textIn(bytes, 1), 'input');
  const shown = JSON.stringify(name.slice(0, 100));
  const type = messageAt(bytes, 2);
  const tensor = type === null ? null : messageAt(type, 1);
  if (tensor === null) throw new Error(`its input ${shown} is not a tensor`);
  let dtype: Dtype | undefined;
  for (const field of fieldsOf(tensor)) {
    if (field.no !== 1 || field.kind !== 'varint') continue;
    dtype = DTYPE_OF[Number(field.value)];
    if (dtype === undefined)
      throw new Error(`its input ${shown} has element type ${field.value}, which ONNX Runtime cannot be fed`);
  }
  if (dtype === undefined) throw new Error(`its input ${shown} has no element type`);
  return { name, dtype, dims: readShape(messageAt(tensor, 2) ?? new Uint8Array(), shown) };
}

function readShape(bytes: Uint8Array, shown: string): Dimension[] {
  const dims: Dimension[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.no !== 1 || field.kind !== 'bytes') continue;
    if (dims.length === MOST_DIMENSIONS)
      throw new Error(`its input ${shown} has more than ${MOST_DIMENSIONS} dimensions`);
    let dim: Dimension = null;
    for (const part of fieldsOf(field.value)) {
      if (part.no === 1 && part.kind === 'varint') {
        const size = BigInt.asIntN(64, part.value);
        // Some exporters write -1 or 0 for "unknown".
        if (size < -1n || size > LARGEST_DIMENSION) throw new Error(`its input ${shown} has a dimension of ${size}`);
        dim = size <= 0n ? null : Number(size);
      }
      if (part.no === 2 && part.kind === 'bytes') dim = named(text(part.value), 'dimension') || null;
    }
    dims.push(dim);
  }
  return dims;
}
