import { readFile, stat } from 'node:fs/promises';
import type { Dimension, Dtype, TensorSignature } from '../../types/model.ts';
import { countOne, type ModelFacts, RefusedModel, type Sources, sortedCounts, sourceOf } from '../facts.ts';
import { at, type Json, LARGEST_JSON, listAt, mapsIn, parseJson, textAt } from '../loose-json.ts';
import { withBytes } from '../zip.ts';
import { PARAMS, SYMBOL } from './files.ts';
import { namesLibrary, reasonAgainst } from './operators.ts';
import { type Params, readParams } from './params.ts';

/** By type flag, as `__dtype__` has them. */
const DTYPE_OF: Readonly<Record<string, Dtype>> = {
  0: 'float32',
  1: 'float64',
  2: 'float16',
  3: 'uint8',
  4: 'int32',
  5: 'int8',
  6: 'int64',
  7: 'bool',
  12: 'bfloat16',
};
/** Their second input is a label, which inference does not need. */
const LOSSES = /^(?:SoftmaxOutput|Softmax|\w+RegressionOutput|SVMOutput|MakeLoss|CTCLoss|_contrib_CTCLoss)$/;
const WEIGHT = /(?:^|_)(?:weight|bias|gamma|beta|(?:running|moving)_(?:mean|var))$/;
const LARGEST_DIMENSION = 1_000_000_000;
/** Ten times as many as the largest models have. */
const MOST_NODES = 100_000;
const MOST_HEADS = 10_000;

/** A symbol with its parameters, read without MXNet. @throws Error or RefusedModel */
export async function readMxnet(sources: Sources): Promise<ModelFacts> {
  const path = sourceOf(sources, SYMBOL);
  const { size } = await stat(path);
  if (size > LARGEST_JSON) throw new Error(`its symbol has ${size} bytes`);
  const symbol = parseJson(await readFile(path), 'symbol');
  const params = await withBytes(sourceOf(sources, PARAMS), readParams).catch((cause: unknown) => {
    throw new Error(`its parameters cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  return symbolFacts(symbol, params);
}

interface Node {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly number[];
  readonly json: Json;
}

function nodesOf(symbol: Json): readonly Node[] {
  const listed = listAt(symbol, 'nodes');
  if (listed.length === 0) throw new Error('its symbol has no nodes');
  if (listed.length > MOST_NODES)
    throw new RefusedModel(
      `has a symbol of ${listed.length} nodes; expected at most ${MOST_NODES}`,
      'Export a smaller net.',
    );
  return listed.map((json, index) => {
    const [op, name] = [textAt(json, 'op'), textAt(json, 'name')];
    if (op === undefined || name === undefined)
      throw new Error(`node ${index} of its symbol has no operator or no name`);
    const inputs = listAt(json, 'inputs').map((input) => {
      const from = at(input, 0);
      if (typeof from === 'number' && Number.isInteger(from) && from >= 0 && from < index) return from;
      throw new Error(`node ${JSON.stringify(name.slice(0, 100))} of its symbol takes what is not before it`);
    });
    return { op, name, inputs, json };
  });
}

function symbolFacts(symbol: Json, params: Params): ModelFacts {
  const nodes = nodesOf(symbol);
  checkOperators(symbol);
  const operators = new Map<string, number>();
  for (const { op } of nodes) if (op !== 'null') countOne(operators, op);
  return {
    signature: { inputs: inputsOf(nodes, params), outputs: outputsOf(symbol, nodes) },
    operators: sortedCounts(operators),
    parameters: params.elements,
    opsets: {},
  };
}

/** Those of subgraphs too, however deep: attributes are maps as nodes are. */
function checkOperators(symbol: Json): void {
  for (const node of mapsIn(symbol)) {
    const shown = JSON.stringify(String(node.name ?? '').slice(0, 100));
    const reason = typeof node.op === 'string' ? reasonAgainst(node.op) : null;
    if (reason === null && !Object.keys(node).some(namesLibrary)) continue;
    const what =
      reason === null
        ? `names a library (${shown})`
        : `has an operator ${String(node.op).slice(0, 60)} (${shown}: it ${reason})`;
    throw new RefusedModel(what, 'Use operators of MXNet alone that only compute.');
  }
}

function inputsOf(nodes: readonly Node[], { names }: Params): readonly TensorSignature[] {
  const known = new Set(names.map((name) => name.replace(/^(?:arg|aux):/, '')));
  const labels = labelsOf(nodes);
  const free = nodes.filter(({ op, name }, index) => op === 'null' && !known.has(name) && !labels.has(index));
  const weights = free.filter(({ name }) => WEIGHT.test(name)).map(({ name }) => name);
  if (weights.length > 0) {
    const shown = weights.slice(0, 3).map((name) => JSON.stringify(name.slice(0, 100)));
    throw new RefusedModel(
      `has parameters without ${shown.join(', ')}${weights.length > 3 ? ` and ${weights.length - 3} more` : ''}`,
      'Are they of this symbol? Net.save_parameters writes other names; net.export and mod.save_checkpoint write both files.',
    );
  }
  if (free.length === 0) throw new Error('it takes no input');
  return free.map(({ name, json }) => ({ name, dtype: dtypeOf(json), dims: dimsOf(json) }));
}

/** Variables that only losses take, as labels. */
function labelsOf(nodes: readonly Node[]): ReadonlySet<number> {
  const labels = new Set<number>();
  const needed = new Set<number>();
  for (const { op, inputs } of nodes)
    for (const [index, from] of inputs.entries()) (LOSSES.test(op) && index === 1 ? labels : needed).add(from);
  return new Set([...labels].filter((index) => !needed.has(index)));
}

function attribute(json: Json, name: string): string | undefined {
  return textAt(json, 'attrs', name) ?? textAt(json, 'attr', name);
}

function dtypeOf(json: Json): Dtype | null {
  return DTYPE_OF[attribute(json, '__dtype__') ?? ''] ?? null;
}

/** `(0, 3, 224, 224)`: a size of 0 or -1 is not known. */
function dimsOf(json: Json): readonly Dimension[] | null {
  const shape = /^[([]([-\d,\sL]*)[)\]]$/.exec(attribute(json, '__shape__') ?? '')?.[1];
  const sizes = shape
    ?.split(',')
    .flatMap((part) => (part.trim() === '' ? [] : [Number(part.trim().replace(/L$/, ''))]));
  if (sizes === undefined || sizes.length === 0) return null;
  if (sizes.some((size) => !Number.isInteger(size) || size > LARGEST_DIMENSION))
    throw new Error('it has an odd shape of an input');
  return sizes.map((size) => (size <= 0 ? null : size));
}

/** Names of the nodes that it gives; of those with several outputs with their number. */
function outputsOf(symbol: Json, nodes: readonly Node[]): readonly string[] {
  const heads = listAt(symbol, 'heads').map((head) => [at(head, 0), at(head, 1)] as const);
  if (heads.length === 0) throw new Error('its symbol gives nothing');
  if (heads.length > MOST_HEADS)
    throw new RefusedModel(
      `has a symbol of ${heads.length} outputs; expected at most ${MOST_HEADS}`,
      'Export it with fewer outputs.',
    );
  const counts = new Map<unknown, number>();
  for (const [index] of heads) counts.set(index, (counts.get(index) ?? 0) + 1);
  return heads.map(([index, output]) => {
    const node = typeof index === 'number' ? nodes[index] : undefined;
    if (node === undefined) throw new Error('its symbol gives what is not in it');
    return (counts.get(index) ?? 0) > 1 ? `${node.name}[${String(output)}]` : node.name;
  });
}
