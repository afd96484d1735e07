/** JSON as somebody else wrote it: what is not as expected is undefined, never an error of ours. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Bytes: as objects, JSON takes up to twenty times as much. The programs of the largest models have a tenth of it. */
export const LARGEST_JSON = 64 * 2 ** 20;

/** @throws Error where the bytes are no JSON */
export function parseJson(bytes: Uint8Array, name: string): Json {
  try {
    // A byte order mark is not taken away: the frameworks' readers refuse it.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as Json;
  } catch {
    throw new Error(`its ${name} is no JSON`);
  }
}

/** What lies below some keys and indexes. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    const inside: unknown = Object.hasOwn(here, key) ? Reflect.get(here, key) : undefined;
    here = inside as Json | undefined;
  }
  return here;
}

export function listAt(value: Json | undefined, ...path: readonly (string | number)[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as readonly Json[]) : [];
}

export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function isMap(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of a map; none where it is something else. */
export function entriesAt(value: Json | undefined, ...path: readonly (string | number)[]): readonly [string, Json][] {
  const found = at(value, ...path);
  return isMap(found) ? Object.entries(found) : [];
}

/** Every map anywhere in a value, however deep, without recursion. */
export function* mapsIn(value: Json): Generator<{ readonly [key: string]: Json }> {
  const waiting: Json[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (isMap(next)) yield next;
    for (const inside of Array.isArray(next) ? (next as readonly Json[]) : Object.values(next)) waiting.push(inside);
  }
}
