import { at, type Json, listAt } from '../loose-json.ts';

const DEEPEST = 50;

/**
 * Names of the leaves of a tree of outputs (a TreeSpec of torch.utils._pytree, protocol 1), in order: `output`,
 * `output[0]`, `output.logits`. Null where it is none that can be read.
 */
export function outputNames(spec: string): readonly string[] | null {
  try {
    const [version, root] = JSON.parse(spec) as readonly Json[];
    if (version !== 1) return null;
    const names: string[] = [];
    walk(root, 'output', names, 0);
    return names;
  } catch {
    return null;
  }
}

function walk(node: Json | undefined, name: string, names: string[], depth: number): void {
  if (depth > DEEPEST) throw new RangeError('too deep');
  if (at(node, 'type') === null) {
    names.push(name);
    return;
  }
  const children = listAt(node, 'children_spec');
  const keys = keysOf(at(node, 'context'));
  children.forEach((child, index) => {
    const key = keys?.length === children.length ? keys[index] : undefined;
    walk(child, typeof key === 'string' ? `${name}.${key}` : `${name}[${index}]`, names, depth + 1);
  });
}

/** Keys of a dict, fields of a dataclass. */
function keysOf(context: Json | undefined): readonly Json[] | null {
  if (typeof context !== 'string') return null;
  const keys: unknown = JSON.parse(context);
  return Array.isArray(keys) ? (keys as readonly Json[]) : null;
}
