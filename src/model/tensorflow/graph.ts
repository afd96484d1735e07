import { countOne } from '../facts.ts';
import { fieldsOf, text } from '../wire.ts';

/** A NodeDef (tensorflow/core/framework/node_def.proto). */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes that it waits for. */
  readonly inputs: readonly string[];
  /** Functions that its attributes name. */
  readonly calls: readonly string[];
  /** AttrValue messages. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Of its library, by name. */
  readonly functions: ReadonlyMap<string, readonly GraphNode[]>;
}

/** Ten times as many as the largest models have. */
const MOST_NODES = 300_000;

/** A GraphDef. @throws Error */
export function readGraph(bytes: Uint8Array): Graph {
  const nodes: GraphNode[] = [];
  const functions = new Map<string, readonly GraphNode[]>();
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
      const [name, body] = readFunction(one.value, read);
      functions.set(name, body);
    }
  }
  return { nodes, functions };
}

/** FunctionDef: `signature` (OpDef) 1, `node_def` 3. */
function readFunction(
  bytes: Uint8Array,
  read: (node: Uint8Array) => GraphNode,
): readonly [string, readonly GraphNode[]] {
  let name = '';
  const body: GraphNode[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) name = nameIn(field.value);
    if (field.no === 3) body.push(read(field.value));
  }
  return [name, body];
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
    if (field.no === 3) inputs.push(nodeOf(text(field.value)));
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
  let key = '';
  let value: Uint8Array = new Uint8Array();
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) key = text(field.value);
    if (field.no === 2) value = field.value;
  }
  return { key, value };
}

/** The field `name` 1 of NameAttrList, OpDef and others. */
function nameIn(bytes: Uint8Array): string {
  for (const field of fieldsOf(bytes)) if (field.kind === 'bytes' && field.no === 1) return text(field.value);
  return '';
}

/** AttrValue: `func` 10, or those of `list` 1 (`func` 9). */
function functionsIn(attribute: Uint8Array): readonly string[] {
  const found: string[] = [];
  for (const field of fieldsOf(attribute)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 10) found.push(nameIn(field.value));
    if (field.no !== 1) continue;
    for (const one of fieldsOf(field.value)) if (one.kind === 'bytes' && one.no === 9) found.push(nameIn(one.value));
  }
  return found;
}

/**
 * The nodes that run when some nodes and functions do.
 * @param roots names of nodes of the graph
 * @param functions names of functions of its library
 */
export function reached(graph: Graph, roots: readonly string[], functions: readonly string[]): ReadonlySet<GraphNode> {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const found = new Set<GraphNode>();
  const entered = new Set<string>();
  const waiting: GraphNode[] = [];
  const add = (node: GraphNode | undefined): void => {
    if (node === undefined || found.has(node)) return;
    found.add(node);
    waiting.push(node);
  };
  const enter = (name: string): void => {
    if (entered.has(name)) return;
    entered.add(name);
    for (const node of graph.functions.get(name) ?? []) add(node);
  };
  for (const name of roots) add(byName.get(name));
  for (const name of functions) enter(name);
  const main = new Set(graph.nodes);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    // Functions run all of their nodes, so that only those of the graph itself are followed by their inputs.
    if (main.has(node)) for (const name of node.inputs) add(byName.get(name));
    for (const name of [...node.calls, node.op]) enter(name);
  }
  return found;
}

/** How often each operator occurs. */
export function countOperators(nodes: Iterable<GraphNode>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { op } of nodes) countOne(counts, op);
  return counts;
}
