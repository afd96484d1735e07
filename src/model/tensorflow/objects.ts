import { fieldsOf, packed } from '../wire.ts';
import { entryOf } from './graph.ts';

/** What of a SavedObjectGraph (saved_object_graph.proto) matters. */
export interface ObjectGraph {
  /** By the name of a function that can be called: the objects, by number, that are its last arguments. */
  readonly bound: ReadonlyMap<string, readonly number[]>;
  /** Which objects are assets. */
  readonly assets: ReadonlySet<number>;
}

/** SavedObject: user_object, asset, function, variable, bare_concrete_function, constant, resource, captured_tensor. */
const KINDS = new Set([4, 5, 6, 7, 8, 9, 10, 12]);
const ASSET = 5;

/** SavedObjectGraph: `nodes` 1, and `concrete_functions` 2 by name. @throws Error */
export function readObjects(bytes: Uint8Array): ObjectGraph {
  const bound = new Map<string, readonly number[]>();
  const assets = new Set<number>();
  let count = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.no === 1) {
      if (kindOf(field.value) === ASSET) assets.add(count);
      count += 1;
    }
    if (field.no === 2) {
      const { key, value } = entryOf(field.value);
      bound.set(key, boundIn(value));
    }
  }
  return { bound, assets };
}

/** Of several kinds the last one counts. */
function kindOf(object: Uint8Array): number | null {
  let last: number | null = null;
  for (const { no } of fieldsOf(object)) if (KINDS.has(no)) last = no;
  return last;
}

/** SavedConcreteFunction: `bound_inputs` 2. */
function boundIn(bytes: Uint8Array): readonly number[] {
  const found: number[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.no !== 2) continue;
    if (field.kind === 'bytes') found.push(...packed(field.value).map(Number));
    if (field.kind === 'varint') found.push(Number(field.value));
  }
  return found;
}
