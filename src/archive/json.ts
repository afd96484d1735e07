import * as v from 'valibot';
import { LARGEST_OBJECT } from './limits.ts';

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  /** Why it cannot be read, in one line of bounded length: `it is damaged (not JSON)`. */
  | { readonly ok: false; readonly problem: string };

/** What was written by others, in one short line. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 120))
    .slice(1, -1)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** Reads a JSON object of a known schema; whatever does not fit makes the whole of it unreadable, with the reason. */
export function decodeJson<Schema extends v.GenericSchema<unknown, { readonly schema: number }>>(
  bytes: Uint8Array,
  newest: number,
  schema: Schema,
): Decoded<v.InferOutput<Schema>> {
  if (bytes.length > LARGEST_OBJECT) return { ok: false, problem: `it has ${bytes.length} bytes` };
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, problem: 'it is damaged (not JSON)' };
  }
  const found = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined;
  if (typeof found === 'number' && found > newest) {
    return { ok: false, problem: `it has schema ${found}, newer than this version's ${newest}` };
  }
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return { ok: true, value: parsed.output };
  const [issue] = parsed.issues;
  return { ok: false, problem: `it is damaged (${shown(v.getDotPath(issue) ?? 'root')}: ${shown(issue.message)})` };
}

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
