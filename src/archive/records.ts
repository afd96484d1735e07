import { AyciError } from '../errors.ts';
import type { ArchiveStore } from '../ports.ts';
import type { Measurement } from '../types/measurement.ts';
import type { ModelKey } from '../types/model.ts';
import { decodeResults, encodeResults } from './codec.ts';
import { layout } from './keys.ts';

/** Where a run reads and writes: by who is trusted to have written there. */
export interface Scope {
  readonly write: string;
  readonly read: readonly string[];
}

export interface Known {
  readonly measurements: readonly Measurement[];
  /** Objects that were passed over, and why. */
  readonly notes: readonly string[];
}

async function readResults(store: ArchiveStore, prefix: string, key: ModelKey): Promise<Known> {
  const at = layout(prefix);
  const measurements: Measurement[] = [];
  const notes: string[] = [];
  for (const object of [at.results(key), at.resultsBeside(key)]) {
    const stored = await store.read(object);
    if (stored === null) break;
    const decoded = decodeResults(stored.bytes);
    if (decoded.ok) return { measurements: decoded.measurements, notes };
    notes.push(`Archive ${store.name}: ${object} was passed over: ${decoded.problem}. It is kept as it is.`);
  }
  return { measurements, notes };
}

/** All that is known of a model: one read a trust level. */
export async function readKnown(store: ArchiveStore, scope: Scope, key: ModelKey): Promise<Known> {
  const found = await Promise.all(scope.read.map((prefix) => readResults(store, prefix, key)));
  return { measurements: found.flatMap((one) => one.measurements), notes: found.flatMap((one) => one.notes) };
}

/** Adds measurements to a model's results; runs that write at the same time lose nothing. */
export async function keepResults(
  store: ArchiveStore,
  scope: Scope,
  key: ModelKey,
  added: readonly Measurement[],
): Promise<void> {
  const at = layout(scope.write);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    let object = at.results(key);
    let stored = await store.read(object);
    let decoded = stored === null ? null : decodeResults(stored.bytes);
    if (decoded?.ok === false) {
      object = at.resultsBeside(key);
      stored = await store.read(object);
      decoded = stored === null ? null : decodeResults(stored.bytes);
      if (decoded?.ok === false) {
        throw new AyciError('archive', `archive ${store.name}: ${object} cannot be read: ${decoded.problem}`, {
          hint: 'Move it away; it is never overwritten.',
        });
      }
    }
    const before = decoded?.ok === true ? decoded.measurements : [];
    if (await store.write(object, encodeResults([...before, ...added]), stored?.etag ?? null)) return;
  }
  throw new AyciError('archive', `archive ${store.name}: ${at.results(key)} is written by too many at once`, {
    hint: 'Run again.',
  });
}
