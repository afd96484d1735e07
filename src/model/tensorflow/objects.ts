import { fieldsOf, packed } from '../wire.ts';
import { entryOf } from './graph.ts';
import type { Parts } from './parts.ts';

/** What of a SavedObjectGraph (saved_object_graph.proto) matters. */
export interface ObjectGraph {
  /** By the name of a function that can be called: the objects, by number, that are its last arguments. */
  readonly bound: ReadonlyMap<string, readonly number[]>;
  /** Which objects are assets. */
  readonly assets: ReadonlySet<number>;
  /** Whether a text occurs anywhere: objects name functions in several fields, and newer ones may do so in more. */
  mention(text: string): boolean;
}

/** SavedObject: user_object, asset, function, variable, bare_concrete_function, constant, resource, captured_tensor. */
const KINDS = new Set([4, 5, 6, 7, 8, 9, 10, 12]);
const ASSET = 5;

/** SavedObjectGraph: `nodes` 1, and `concrete_functions` 2 by name. @throws Error */
export function readObjects(bytes: Uint8Array, parts: Parts): ObjectGraph {
  const bound = new Map<string, readonly number[]>();
  const assets = new Set<number>();
  let count = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.kind !== 'bytes') continue;
    parts.add();
    if (field.no === 1) {
      if (kindOf(field.value) === ASSET) assets.add(count);
      count += 1;
    }
    if (field.no === 2) {
      const { key, value } = entryOf(field.value);
      bound.set(key, boundIn(value, parts));
    }
  }
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bound, assets, mention: (name) => all.includes(name) };
}

/** Of several kinds the last one counts. */
function kindOf(object: Uint8Array): number | null {
  let last: number | null = null;
  for (const { no } of fieldsOf(object)) if (KINDS.has(no)) last = no;
  return last;
}

/** SavedConcreteFunction: `bound_inputs` 2. */
function boundIn(bytes: Uint8Array, parts: Parts): readonly number[] {
  const found: number[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.no !== 2) continue;
    parts.add(field.kind === 'bytes' ? field.value.length : 1);
    if (field.kind === 'bytes') for (const number of packed(field.value)) found.push(Number(number));
    if (field.kind === 'varint') found.push(Number(field.value));
  }
  return found;
}
