import { RefusedModel, type Sources } from '../facts.ts';
import type { GraphFunction, GraphNode } from './graph.ts';
import type { ObjectGraph } from './objects.ts';

/** @throws RefusedModel for an asset that leads out of the folder `assets`, Error where it is missing */
export function checkAssets(assets: readonly string[], sources: Sources): void {
  for (const asset of assets) {
    const shown = JSON.stringify(asset.slice(0, 100));
    if (asset === '' || asset.includes('\0') || asset.startsWith('/') || asset.split(/[\\/]/).includes('..'))
      throw new RefusedModel(`has an asset ${shown} that lies outside its folder`, 'Save the model again.');
    if (!sources.has(`assets/${asset}`)) throw new Error(`its asset ${shown} is missing`);
  }
}

/**
 * Whether a table's initializer takes the name of its file from an asset, and nowhere else. So TensorFlow 2 saves it:
 * the node stands in a function that nothing in the graph calls, and takes an argument of it that is bound to an asset.
 * @param called names of the functions that something calls
 */
export function readsAsset(
  node: GraphNode,
  { name, arguments: args, argumentCount }: GraphFunction,
  objects: ObjectGraph | null,
  called: ReadonlySet<string>,
): boolean {
  const bound = objects?.bound.get(name);
  const index = args.get(node.inputs[1] ?? '');
  if (objects === null || bound === undefined || called.has(name) || index === undefined) return false;
  // Bound arguments come last.
  const object = bound[index - (argumentCount - bound.length)];
  return object !== undefined && objects.assets.has(object);
}
