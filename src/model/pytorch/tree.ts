import { RefusedModel } from '../facts.ts';
import { at, type Json, listAt } from '../loose-json.ts';

const DEEPEST = 50;
const CONTAINERS = new Set([
  'builtins.tuple',
  'builtins.list',
  'builtins.dict',
  'collections.OrderedDict',
  'torch.fx.immutable_collections.immutable_list',
  'torch.fx.immutable_collections.immutable_dict',
]);
/** Python's and torch's own, of which the above are enough. */
const OWN = /^(?:builtins|collections|torch)\./;
const CLASS = /^[A-Za-z_]\w*(?:\.\w+)+$/;
const KEY = /^[\w. -]+$/;

/**
 * Looks through how inputs or outputs are nested: in tuples, lists, dicts, and classes of other libraries whose parts
 * have names, as the outputs of transformers.
 * @throws RefusedModel for containers that torch would import or call code of the model for
 */
export function checkTree(spec: string): void {
  const waiting = [rootOf(spec)];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const [kind, children] = [at(node, 'type'), at(node, 'children_spec')];
    if (kind === undefined || !Array.isArray(children)) throw malformed(spec);
    const nodes = children as readonly Json[];
    waiting.push(...nodes);
    if (kind === null) continue;
    const context = contextOf(node, spec);
    if (typeof kind === 'string' && CONTAINERS.has(kind)) checkKeys(context);
    else if (!isMapping(kind, context, nodes.length))
      throw new RefusedModel(
        `nests inputs or outputs in a ${String(kind).slice(0, 80)}; expected tuples, lists and dicts`,
        'Return plain ones before torch.export.',
      );
  }
}

/** Two of a list: the version of how it is written, and the tree. */
function rootOf(spec: string): Json {
  const parsed = parsedOr(spec, null);
  if (!Array.isArray(parsed) || parsed.length !== 2) throw malformed(spec);
  return (parsed as readonly Json[])[1] ?? null;
}

function contextOf(node: Json, spec: string): Json {
  const context = at(node, 'context');
  const parsed = typeof context === 'string' ? parsedOr(context, undefined) : undefined;
  if (parsed === undefined) throw malformed(spec);
  return parsed;
}

function parsedOr<T>(text: string, otherwise: T): Json | T {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return otherwise;
  }
}

function malformed(spec: string): RefusedModel {
  return new RefusedModel(
    `nests its inputs or outputs by ${JSON.stringify(spec.slice(0, 80))}`,
    'Write it by torch.export.save.',
  );
}

/** None, or the keys of a dict; an object in it would name a module to import. */
function checkKeys(context: Json): void {
  const isKey = (key: Json) => Number.isInteger(key) || (typeof key === 'string' && KEY.test(key));
  if (context === null || (Array.isArray(context) && context.every(isKey))) return;
  throw new RefusedModel(
    `has a key of inputs or outputs that is no word or number: ${JSON.stringify(context).slice(0, 80)}`,
    'Use plain keys before torch.export.',
  );
}

/** Whether it is a class of another library whose parts have names. */
function isMapping(kind: Json, keys: Json, parts: number): boolean {
  const isClass = typeof kind === 'string' && CLASS.test(kind) && !OWN.test(kind);
  const isKey = (key: Json) => typeof key === 'string' && KEY.test(key);
  return isClass && Array.isArray(keys) && parts > 0 && keys.length === parts && keys.every(isKey);
}

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
