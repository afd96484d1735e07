import { type Graph, type GraphFunction, type GraphNode, nodeOf } from './graph.ts';
import type { MetaGraph } from './meta-graph.ts';

/** One that saves and one that restores, with what they call. Each is looked for in all objects. */
const MOST_OF_SAVER = 16;

/** What may run when a SavedModel is loaded and served: of the main graph, of it to restore variables, and of the library. */
export interface Running {
  readonly main: ReadonlySet<GraphNode>;
  readonly restoring: ReadonlySet<GraphNode>;
  readonly functions: readonly GraphFunction[];
}

/**
 * What may run: of the library every function but those that nothing but the saver names.
 * @param byObjects TensorFlow loads it by its object graph, as it does what version 2 saved alone in its file, and runs
 *   nothing of the main graph
 */
export function running(meta: MetaGraph, byObjects: boolean): Running {
  const { graph, roots, saver } = meta;
  const main = byObjects ? new Set<GraphNode>() : needed(graph, roots);
  const restoring = byObjects ? new Set<GraphNode>() : needed(graph, [saver.restore]);
  const nodes = needed(graph, byObjects ? [saver.save, saver.restore] : [saver.save]);
  const ofSaver = functionsOfSaver(meta, nodes, [...main, ...restoring]);
  return { main, restoring, functions: [...graph.functions.values()].filter((each) => !ofSaver.has(each)) };
}

/** Functions that these nodes of the main graph call, and nothing else anywhere. */
function functionsOfSaver(
  { graph, objects }: MetaGraph,
  nodes: ReadonlySet<GraphNode>,
  runningNodes: readonly GraphNode[],
): ReadonlySet<GraphFunction> {
  const found = new Set(called(graph, [...nodes], []));
  if (found.size > MOST_OF_SAVER) return new Set();
  // TensorFlow may put an implementation in the place of another function that implements the same.
  const others = [...graph.functions.values()].filter(
    (each) => !found.has(each) || each.isImplementation || objects?.mention(each.name) === true,
  );
  const names = others.map(({ name }) => name);
  for (const each of called(graph, [...graph.nodes.filter((node) => !nodes.has(node)), ...runningNodes], names))
    found.delete(each);
  return found;
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
