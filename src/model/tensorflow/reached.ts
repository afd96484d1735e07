import { type Graph, type GraphFunction, type GraphNode, nodeOf } from './graph.ts';
import type { MetaGraph } from './meta-graph.ts';

/** What runs when a SavedModel is loaded and served: of the main graph, of it to restore variables, and of the library. */
export interface Running {
  readonly main: ReadonlySet<GraphNode>;
  readonly restoring: ReadonlySet<GraphNode>;
  readonly functions: readonly GraphFunction[];
}

/**
 * What may run.
 * @param byObjects TensorFlow loads it by its object graph, as it does what version 2 saved alone in its file, and runs
 *   nothing of the main graph
 */
export function running({ graph, roots, saver, objects }: MetaGraph, byObjects: boolean): Running {
  const implementations = [...graph.functions.values()].filter(({ isImplementation }) => isImplementation);
  const names = implementations.map(({ name }) => name);
  if (byObjects)
    return {
      main: new Set(),
      restoring: new Set(),
      functions: called(graph, [], [...names, ...(objects?.bound.keys() ?? [])]),
    };
  const main = needed(graph, roots);
  const restoring = needed(graph, [saver.restore]);
  return { main, restoring, functions: called(graph, [...main, ...restoring], names) };
}

/** The nodes of the main graph and of its functions that work out some tensors. */
export function reached(graph: Graph, tensors: readonly string[]): readonly GraphNode[] {
  const nodes = [...needed(graph, tensors)];
  return [...nodes, ...called(graph, nodes, []).flatMap((each) => each.nodes)];
}

/** Names that are those of functions where the library has such. */
export function callsOf({ op, calls }: GraphNode): readonly string[] {
  return [op, ...calls];
}

function needed(graph: Graph, tensors: readonly string[]): ReadonlySet<GraphNode> {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const waiting = tensors.map(nodeOf);
  const found = new Set<GraphNode>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = byName.get(name);
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    for (const input of node.inputs) waiting.push(nodeOf(input));
  }
  return found;
}

/** Functions run all of their nodes. */
function called(graph: Graph, nodes: readonly GraphNode[], names: readonly string[]): readonly GraphFunction[] {
  const waiting = [...names, ...nodes.flatMap(callsOf)];
  const found = new Set<GraphFunction>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const made = graph.functions.get(name);
    if (made === undefined || found.has(made)) continue;
    found.add(made);
    for (const node of made.nodes) for (const call of callsOf(node)) waiting.push(call);
  }
  return [...found];
}
