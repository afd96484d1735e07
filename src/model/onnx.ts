import type { Dimension, Dtype, Signature, TensorSignature } from '../types/model.ts';
import { fieldsOf, packed, text } from './wire.ts';

/** What AYCI has to know of an ONNX file before a runtime opens it. Field numbers: onnx.proto (IR version 11). */
export interface OnnxFacts {
  readonly signature: Signature;
  /** `domain.Operator` (the default domain unnamed) and how often it occurs, subgraphs included. */
  readonly operators: Readonly<Record<string, number>>;
  /** Elements of all initializers, subgraphs included. */
  readonly parameters: number;
  /** Version of each operator set; the default domain is unnamed. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Paths of external data, relative to the model's folder, as the model writes them. */
  readonly externalData: readonly string[];
}

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

interface Found {
  readonly operators: Map<string, number>;
  readonly external: Set<string>;
  parameters: number;
}

/**
 * Reads a ModelProto.
 * @throws Error that says what is wrong with the bytes
 */
export function readOnnx(bytes: Uint8Array): OnnxFacts {
  const found: Found = { operators: new Map(), external: new Set(), parameters: 0 };
  let graph: Uint8Array | null = null;
  const opsets: Record<string, number> = {};
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 7) graph = field.value;
    if (field.no === 8) Object.assign(opsets, readOpset(field.value));
    if (field.no === 25) readNodes(field.value, 7, found);
  }
  if (graph === null) throw new Error('it holds no graph');
  if (Object.keys(opsets).length === 0) throw new Error('it ends before its opset');
  const signature = readGraph(graph, found);
  return {
    signature,
    operators: Object.fromEntries([...found.operators].sort(([a], [b]) => (a < b ? -1 : 1))),
    parameters: found.parameters,
    opsets,
    externalData: [...found.external].sort(),
  };
}

function readGraph(bytes: Uint8Array, found: Found): Signature {
  const inputs: Uint8Array[] = [];
  const outputs: string[] = [];
  const initializers = new Set<string>();
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 5) {
      initializers.add(readTensor(field.value, found));
      found.parameters += elementsOf(field.value);
    }
    if (field.no === 11) inputs.push(field.value);
    if (field.no === 12) outputs.push(nameOf(field.value));
  }
  readNodes(bytes, 1, found);
  // Up to IR version 3 weights are listed among the inputs as well.
  const fed = inputs.filter((value) => !initializers.has(nameOf(value)));
  return { inputs: fed.map(readValueInfo), outputs };
}

/** Counts operators; attributes may hold tensors and whole subgraphs. */
function readNodes(bytes: Uint8Array, nodeField: number, found: Found): void {
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes' || field.no !== nodeField) continue;
    let type = '';
    let domain = '';
    for (const part of fieldsOf(field.value)) {
      if (part.kind !== 'bytes') continue;
      if (part.no === 4) type = text(part.value);
      if (part.no === 7) domain = text(part.value);
      if (part.no === 5) readAttribute(part.value, found);
    }
    const name = domain === '' || domain === 'ai.onnx' ? type : `${domain}.${type}`;
    found.operators.set(name, (found.operators.get(name) ?? 0) + 1);
  }
}

function readAttribute(bytes: Uint8Array, found: Found): void {
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 5 || field.no === 10) readTensor(field.value, found);
    if (field.no === 6 || field.no === 11) readGraph(field.value, found);
  }
}

function readTensor(bytes: Uint8Array, found: Found): string {
  let name = '';
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 8) name = text(field.value);
    if (field.no === 13) {
      const entry = readEntry(field.value);
      if (entry.key === 'location') found.external.add(entry.value);
    }
  }
  return name;
}

/** OperatorSetIdProto. */
function readOpset(bytes: Uint8Array): Readonly<Record<string, number>> {
  let domain = '';
  let version = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.no === 1 && field.kind === 'bytes') domain = text(field.value);
    if (field.no === 2 && field.kind === 'varint') version = Number(BigInt.asIntN(64, field.value));
  }
  return { [domain === 'ai.onnx' ? '' : domain]: version };
}

/** The product of a TensorProto's dimensions. */
function elementsOf(bytes: Uint8Array): number {
  let elements = 1;
  for (const field of fieldsOf(bytes)) {
    if (field.no !== 1) continue;
    const dims = field.kind === 'varint' ? [field.value] : field.kind === 'bytes' ? packed(field.value) : [];
    for (const dim of dims) elements *= Math.max(0, Number(BigInt.asIntN(64, dim)));
  }
  return elements;
}

function readEntry(bytes: Uint8Array): { readonly key: string; readonly value: string } {
  let key = '';
  let value = '';
  for (const field of fieldsOf(bytes)) {
    if (field.kind === 'bytes' && field.no === 1) key = text(field.value);
    if (field.kind === 'bytes' && field.no === 2) value = text(field.value);
  }
  return { key, value };
}

function nameOf(valueInfo: Uint8Array): string {
  for (const field of fieldsOf(valueInfo)) if (field.kind === 'bytes' && field.no === 1) return text(field.value);
  return '';
}

function readValueInfo(bytes: Uint8Array): TensorSignature {
  const name = nameOf(bytes);
  const type = [...fieldsOf(bytes)].find((field) => field.no === 2);
  const tensor = type?.kind === 'bytes' ? [...fieldsOf(type.value)].find((field) => field.no === 1) : undefined;
  if (tensor?.kind !== 'bytes') throw new Error(`its input ${JSON.stringify(name)} is not a tensor`);
  let dtype: Dtype | undefined;
  let dims: Dimension[] = [];
  for (const field of fieldsOf(tensor.value)) {
    if (field.no === 1 && field.kind === 'varint') {
      dtype = DTYPE_OF[Number(field.value)];
      if (dtype === undefined)
        throw new Error(
          `its input ${JSON.stringify(name)} has element type ${field.value}, which ONNX Runtime cannot be fed`,
        );
    }
    if (field.no === 2 && field.kind === 'bytes') dims = readShape(field.value, name);
  }
  if (dtype === undefined) throw new Error(`its input ${JSON.stringify(name)} has no element type`);
  return { name, dtype, dims };
}

function readShape(bytes: Uint8Array, name: string): Dimension[] {
  const dims: Dimension[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.no !== 1 || field.kind !== 'bytes') continue;
    let dim: Dimension = null;
    for (const part of fieldsOf(field.value)) {
      if (part.no === 1 && part.kind === 'varint') {
        const size = BigInt.asIntN(64, part.value);
        // Some exporters write -1 or 0 for "unknown".
        if (size < -1n) throw new Error(`its input ${JSON.stringify(name)} has a dimension of ${size}`);
        if (size > 1_000_000_000n) throw new Error(`its input ${JSON.stringify(name)} has a dimension of ${size}`);
        dim = size <= 0n ? null : Number(size);
      }
      if (part.no === 2 && part.kind === 'bytes') dim = text(part.value) || null;
    }
    dims.push(dim);
  }
  return dims;
}
