import { countOne } from '../facts.ts';
import { fieldsOf, messageAt, text, textIn } from '../wire.ts';

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
  /** Names, in order. */
  readonly arguments: readonly string[];
  /** TensorFlow may put it in the place of another that implements the same. */
  readonly isImplementation: boolean;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Of its library, by name. */
  readonly functions: ReadonlyMap<string, GraphFunction>;
}

/** Ten times as many as the largest models have. */
const MOST_NODES = 300_000;

/** A GraphDef. @throws Error */
export function readGraph(bytes: Uint8Array): Graph {
  const nodes: GraphNode[] = [];
  const functions = new Map<string, GraphFunction>();
  let count = 0;
  const read = (node: Uint8Array): GraphNode => {
    count += 1;
    if (count > MOST_NODES) throw new Error(`it has more than ${MOST_NODES} operators`);
    return readNode(node);
  };
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) nodes.push(read(field.value));
    if (field.no !== 2) continue;
    for (const one of fieldsOf(field.value)) {
      if (one.kind !== 'bytes' || one.no !== 1) continue;
      const made = readFunction(one.value, read);
      if (functions.has(made.name)) throw new Error(`it has two functions ${JSON.stringify(made.name.slice(0, 100))}`);
      functions.set(made.name, made);
    }
  }
  return { nodes, functions };
}

/** FunctionDef: `signature` (OpDef: `name` 1, `input_arg` 2) 1, `node_def` 3, `attr` 5. */
function readFunction(bytes: Uint8Array, read: (node: Uint8Array) => GraphNode): GraphFunction {
  const signature = messageAt(bytes, 1) ?? new Uint8Array();
  const nodes: GraphNode[] = [];
  const args: string[] = [];
  let isImplementation = false;
  for (const field of fieldsOf(signature))
    if (field.kind === 'bytes' && field.no === 2) args.push(textIn(field.value, 1));
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 3) nodes.push(read(field.value));
    if (field.no === 5 && entryOf(field.value).key === 'api_implements') isImplementation = true;
  }
  return { name: textIn(signature, 1), nodes, arguments: args, isImplementation };
}

function readNode(bytes: Uint8Array): GraphNode {
  let name = '';
  let op = '';
  const inputs: string[] = [];
  const calls: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) name = text(field.value);
    if (field.no === 2) op = text(field.value);
    if (field.no === 3) inputs.push(text(field.value));
    if (field.no !== 5) continue;
    const { key, value } = entryOf(field.value);
    attributes.set(key, value);
    calls.push(...functionsIn(value));
  }
  return { name, op, inputs, calls, attributes };
}

/** `node` of `node:1`, `^node` and, in functions, `node:output:0`. */
export function nodeOf(tensor: string): string {
  return tensor.replace(/^\^/, '').replace(/:.*$/s, '');
}

/** One entry of a map: `key` 1, `value` 2. */
export function entryOf(bytes: Uint8Array): { readonly key: string; readonly value: Uint8Array } {
  return { key: textIn(bytes, 1), value: messageAt(bytes, 2) ?? new Uint8Array() };
}

/** Names in an AttrValue, of NameAttrLists (`name` 1, `attr` 2): `func` 10, or those of `list` 1 (`func` 9). */
function functionsIn(attribute: Uint8Array): readonly string[] {
  const found: string[] = [];
  for (const field of fieldsOf(attribute)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 10) found.push(...namesIn(field.value));
    if (field.no !== 1) continue;
    for (const one of fieldsOf(field.value))
      if (one.kind === 'bytes' && one.no === 9) found.push(...namesIn(one.value));
  }
  return found;
}

function namesIn(list: Uint8Array): readonly string[] {
  const found = [textIn(list, 1)];
  for (const field of fieldsOf(list))
    if (field.kind === 'bytes' && field.no === 2) found.push(...functionsIn(entryOf(field.value).value));
  return found;
}

/** How often each operator occurs. */
export function countOperators(nodes: Iterable<GraphNode>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { op } of nodes) countOne(counts, op);
  return counts;
}
