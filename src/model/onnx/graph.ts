import { elementsOf, RefusedModel } from '../facts.ts';
import { fieldsOf, messageAt, packed, textIn } from '../wire.ts';
import { keyOfOperator, type Operator } from './domains.ts';
import { locationOf } from './locations.ts';

/** Ten times as many as the largest models have. */
const MOST_NODES = 300_000;
const MOST_TENSORS = 300_000;
const MOST_OPERATORS = 10_000;
/** An archive keeps 10,000 files of a model: the model's own is one. */
const MOST_LOCATIONS = 9_999;
/** As the runtimes' reader, `onnx_check.py`. */
const MOST_LEVELS = 16;
/** As many as a numpy array has. */
export const MOST_DIMENSIONS = 64;
/** As long as a name in a request. */
export const LONGEST_NAME = 1024;
/** More digits would let an end run over in 64 bits. */
const NUMBER = /^\d{1,18}$/;

/** What a model holds, subgraphs and functions included. */
export class Found {
  /** How often each operator is called, by its key. */
  readonly counts = new Map<string, number>();
  readonly called = new Map<string, Operator>();
  /** Keys of operators that the model defines. */
  readonly functions = new Set<string>();
  readonly locations = new Set<string>();
  /** Elements of all initializers. */
  parameters = 0;
  #nodes = 0;
  #tensors = 0;

  call(operator: Operator): void {
    if (operator.type.length > LONGEST_NAME || operator.domain.length > LONGEST_NAME)
      throw new RefusedModel(
        `has an operator ${JSON.stringify(operator.type.slice(0, 100))} whose name or domain has more than ${LONGEST_NAME} characters; expected fewer`,
        'Export the model with shorter names.',
      );
    const key = keyOfOperator(operator);
    this.#nodes += 1;
    bound(this.#nodes, MOST_NODES, 'operators');
    this.called.set(key, operator);
    bound(this.called.size, MOST_OPERATORS, 'different operators');
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  define(operator: Operator): void {
    this.functions.add(keyOfOperator(operator));
    bound(this.functions.size, MOST_OPERATORS, 'functions');
  }

  tensor(): void {
    this.#tensors += 1;
    bound(this.#tensors, MOST_TENSORS, 'tensors');
  }

  location(written: string): void {
    this.locations.add(locationOf(written));
    bound(this.locations.size, MOST_LOCATIONS, 'files of external data');
  }
}

/** @throws RefusedModel */
function bound(count: number, most: number, what: string): void {
  if (count > most)
    throw new RefusedModel(
      `has more than ${most} ${what}; expected at most ${most}`,
      'Export it smaller: with its loops as loops, and its weights in one file.',
    );
}

/**
 * A GraphProto.
 * @param level how many graphs it lies in
 * @throws Error; RefusedModel for what is beyond the bounds above, and for data outside the model's folder
 */
export function readGraph(bytes: Uint8Array, found: Found, level = 0): void {
  if (level > MOST_LEVELS)
    throw new RefusedModel(
      `has more than ${MOST_LEVELS} graphs within each other; expected at most ${MOST_LEVELS}`,
      'Export the model with fewer nested branches and loops.',
    );
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) readNode(field.value, found, level);
    if (field.no === 5) found.parameters += readTensor(field.value, found);
    if (field.no === 15) found.parameters += readSparse(field.value, found);
  }
}

/** A FunctionProto: its nodes, and what attributes of a call are where the call does not give them. */
export function readFunction(bytes: Uint8Array, found: Found): void {
  found.define({ domain: textIn(bytes, 10), type: textIn(bytes, 1) });
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 7) readNode(field.value, found, 0);
    if (field.no === 11) readAttribute(field.value, found, 0);
  }
}

function readNode(bytes: Uint8Array, found: Found, level: number): void {
  found.call({ domain: textIn(bytes, 7), type: textIn(bytes, 4) });
  for (const field of fieldsOf(bytes))
    if (field.kind === 'bytes' && field.no === 5) readAttribute(field.value, found, level);
}

/** An AttributeProto: tensors, sparse tensors, whole graphs. */
function readAttribute(bytes: Uint8Array, found: Found, level: number): void {
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 5 || field.no === 10) readTensor(field.value, found);
    if (field.no === 6 || field.no === 11) readGraph(field.value, found, level + 1);
    if (field.no === 22 || field.no === 23) readSparse(field.value, found);
  }
}

/** A SparseTensorProto: values and their indices, both tensors. @returns how many values */
function readSparse(bytes: Uint8Array, found: Found): number {
  const values = messageAt(bytes, 1);
  const indices = messageAt(bytes, 2);
  if (indices !== null) readTensor(indices, found);
  return values === null ? 0 : readTensor(values, found);
}

/** A TensorProto. @returns its elements */
function readTensor(bytes: Uint8Array, found: Found): number {
  found.tensor();
  const dims: number[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.no === 13 && field.kind === 'bytes') readExternal(field.value, found);
    if (field.no !== 1 || field.kind === 'fixed') continue;
    if (dims.length + (field.kind === 'bytes' ? field.value.length / 10 : 1) > MOST_DIMENSIONS)
      throw new Error(`it has a tensor of more than ${MOST_DIMENSIONS} dimensions`);
    for (const dim of field.kind === 'bytes' ? packed(field.value) : [field.value])
      dims.push(Number(BigInt.asIntN(64, dim)));
  }
  return elementsOf(dims);
}

/** A StringStringEntryProto of external data. */
function readExternal(bytes: Uint8Array, found: Found): void {
  const key = textIn(bytes, 1);
  const value = textIn(bytes, 2);
  if (key === 'location') found.location(value);
  if ((key === 'offset' || key === 'length') && !NUMBER.test(value))
    throw new RefusedModel(
      `has external data at ${key} ${JSON.stringify(value.slice(0, 100))}; expected a number of at most 18 digits`,
      'Save the model and its data again.',
    );
}
