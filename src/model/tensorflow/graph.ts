import { countOne } from '../facts.ts';
import { fieldsOf, messageAt, text, textIn } from '../wire.ts';
import type { Parts } from './parts.ts';

/** A NodeDef (tensorflow/core/framework/node_def.proto). */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** What it takes and waits for: `node:1`, `^node`. */
  readonly inputs: readonly string[];
  /** Functions that its attributes name. */
  readonly calls: readonly string[];
  /** AttrValue messages. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
}

/** A FunctionDef (function.proto). */
export interface GraphFunction {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  /** Places by name, of which the first one counts. */
  readonly arguments: ReadonlyMap<string, number>;
  readonly argumentCount: number;
  /** TensorFlow may put it in the place of another that implements the same. */
  readonly isImplementation: boolean;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Of its library, by name. */
  readonly functions: ReadonlyMap<string, GraphFunction>;
}

/** Of functions in attributes of functions: protobuf reads messages 100 deep, and each of these takes three. */
const MOST_NESTED = 30;

/** A GraphDef. @throws Error */
export function readGraph(bytes: Uint8Array, parts: Parts): Graph {
  const nodes: GraphNode[] = [];
  const functions = new Map<string, GraphFunction>();
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) nodes.push(readNode(field.value, parts));
    if (field.no !== 2) continue;
    for (const one of fieldsOf(field.value)) {
      if (one.kind !== 'bytes' || one.no !== 1) continue;
      const made = readFunction(one.value, parts);
      if (functions.has(made.name)) throw new Error(`it has two functions ${JSON.stringify(made.name.slice(0, 100))}`);
      functions.set(made.name, made);
    }
  }
  return { nodes, functions };
}

/** FunctionDef: `signature` (OpDef: `name` 1, `input_arg` 2) 1, `node_def` 3, `attr` 5. */
function readFunction(bytes: Uint8Array, parts: Parts): GraphFunction {
  parts.add();
  const signature = messageAt(bytes, 1) ?? new Uint8Array();
  const nodes: GraphNode[] = [];
  const args = new Map<string, number>();
  let argumentCount = 0;
  let isImplementation = false;
  for (const field of fieldsOf(signature)) {
    if (field.kind !== 'bytes' || field.no !== 2) continue;
    parts.add();
    const name = textIn(field.value, 1);
    if (!args.has(name)) args.set(name, argumentCount);
    argumentCount += 1;
  }
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 3) nodes.push(readNode(field.value, parts));
    if (field.no === 5 && entryOf(field.value).key === 'api_implements') isImplementation = true;
  }
  return { name: textIn(signature, 1), nodes, arguments: args, argumentCount, isImplementation };
}

function readNode(bytes: Uint8Array, parts: Parts): GraphNode {
  parts.addNode();
  let name = '';
  let op = '';
  const inputs: string[] = [];
  const calls: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) name = text(field.value);
    if (field.no === 2) op = text(field.value);
    if (field.no !== 3 && field.no !== 5) continue;
    parts.add();
    if (field.no === 3) inputs.push(text(field.value));
    if (field.no === 3) continue;
    const { key, value } = entryOf(field.value);
    attributes.set(key, value);
    for (const call of functionsIn(value)) {
      parts.add();
      calls.push(call);
    }
  }
  return { name, op, inputs, calls, attributes };
}

/** `node` of `node:1`, `^node` and, in functions, `node:output:0`. */
export function nodeOf(tensor: string): string {
  return tensor.replace(/^\^/, '').replace(/:.*$/s, '');
}

/** `node:0` of a node's input `node`, which is its first output. */
export function tensorOf(input: string): string {
  return input.includes(':') ? input : `${input}:0`;
}

/**
 * One entry of a map: `key` 1, `value` 2.
 * @throws Error for one with two values, which parsers would merge: to do so at each depth of a file takes many times its size
 */
export function entryOf(bytes: Uint8Array): { readonly key: string; readonly value: Uint8Array } {
  let key = '';
  let value: Uint8Array | null = null;
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) key = text(field.value);
    if (field.no !== 2) continue;
    if (value !== null) throw new Error('it has two values of one name');
    value = field.value;
  }
  return { key, value: value ?? new Uint8Array() };
}

/** Names in an AttrValue, of NameAttrLists (`name` 1, `attr` 2): `func` 10, or those of `list` 1 (`func` 9). */
function* functionsIn(attribute: Uint8Array, nested = 0): Generator<string> {
  if (nested > MOST_NESTED) throw new Error(`it has functions more than ${MOST_NESTED} deep in an attribute`);
  for (const field of fieldsOf(attribute)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 10) yield* namesIn(field.value, nested);
    if (field.no !== 1) continue;
    for (const one of fieldsOf(field.value))
      if (one.kind === 'bytes' && one.no === 9) yield* namesIn(one.value, nested);
  }
}

function* namesIn(list: Uint8Array, nested: number): Generator<string> {
  yield textIn(list, 1);
  for (const field of fieldsOf(list))
    if (field.kind === 'bytes' && field.no === 2) yield* functionsIn(entryOf(field.value).value, nested + 1);
}

/** How often each operator occurs. */
export function countOperators(nodes: Iterable<GraphNode>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { op } of nodes) countOne(counts, op);
  return counts;
}
