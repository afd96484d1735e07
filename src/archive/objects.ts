import { setTimeout as sleep } from 'node:timers/promises';
import { AyciError } from '../errors.ts';
import type { ArchiveStore } from '../ports.ts';
import type { Decoded } from './json.ts';
import { LARGEST_OBJECT, TooLargeError } from './limits.ts';
import { packed, unpacked } from './pack.ts';

/** How a kind of object is written: packed JSON. */
export interface Format<T> {
  decode(bytes: Uint8Array): Decoded<T>;
  encode(value: T): Uint8Array;
}

/** What came of an object: null where there is none. */
type Found<T> = (Decoded<T> & { readonly etag: string | null }) | null;

const TRIES = 100;
const LONGEST_WAIT_MS = 1000;

async function find<T>(store: ArchiveStore, key: string, format: Format<T>): Promise<Found<T>> {
  try {
    const stored = await store.read(key);
    if (stored === null) return null;
    const bytes = await unpacked(stored.bytes);
    return { ...(bytes.ok ? format.decode(bytes.value) : bytes), etag: stored.etag };
  } catch (thrown) {
    if (!(thrown instanceof TooLargeError)) throw thrown;
    return { ok: false, problem: `it has ${thrown.size} bytes`, etag: null };
  }
}

export interface Read<T> {
  readonly value: T | null;
  /** Objects that were passed over, and why. */
  readonly notes: readonly string[];
}

/**
 * Reads the first of `keys` that is readable. What is there and cannot be read (damaged, newer, too large) is noted and
 * passed over; where there is nothing, nothing after it was ever written.
 */
export async function readFirst<T>(store: ArchiveStore, keys: readonly string[], format: Format<T>): Promise<Read<T>> {
  const notes: string[] = [];
  for (const key of keys) {
    const found = await find(store, key, format);
    if (found === null) break;
    if (found.ok) return { value: found.value, notes };
    notes.push(`Archive ${store.name}: ${key} was passed over: ${found.problem}. It is kept as it is.`);
  }
  return { value: null, notes };
}

/**
 * Replaces the first of `keys` that is readable or absent, by compare-and-swap: where somebody else wrote meanwhile,
 * `change` is asked again with what is there now. What cannot be read is never overwritten.
 * @throws AyciError `archive` where none of the keys can be used, or too many write at once
 */
export async function update<T>(
  store: ArchiveStore,
  keys: readonly string[],
  format: Format<T>,
  change: (before: T | null) => T,
): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const { key, found } = await place(store, keys, format);
    const bytes = format.encode(change(found?.value ?? null));
    if (bytes.length > LARGEST_OBJECT) {
      throw new AyciError('archive', `archive ${store.name}: ${key} is full: ${bytes.length} bytes`, {
        hint: 'Move it away; a new one is begun.',
      });
    }
    if (await store.write(key, await packed(bytes), found?.etag ?? null)) return;
    await sleep(Math.random() * Math.min(10 * tries, LONGEST_WAIT_MS));
  }
  throw new AyciError('archive', `archive ${store.name}: ${keys[0]} is written by too many at once`, {
    hint: 'Run again.',
  });
}

async function place<T>(
  store: ArchiveStore,
  keys: readonly string[],
  format: Format<T>,
): Promise<{ key: string; found: (Found<T> & { ok: true }) | null }> {
  let problem = '';
  for (const key of keys) {
    const found = await find(store, key, format);
    if (found === null || found.ok) return { key, found };
    problem = `${key} cannot be read: ${found.problem}`;
  }
  throw new AyciError('archive', `archive ${store.name}: ${problem}`, {
    hint: 'Move it away; it is never overwritten.',
  });
}
