import { createHash } from 'node:crypto';
import type { ArchiveStore } from '../ports.ts';
import type { Measurement } from '../types/measurement.ts';
import type { ModelKey } from '../types/model.ts';
import { decodeResults, encodeResults } from './codec.ts';
import { layout } from './keys.ts';
import { type Format, readFirst, update } from './objects.ts';

/** Where a run reads and writes: by who is trusted to have written there. */
export interface Scope {
  readonly write: string;
  /** The most trusted first. */
  readonly read: readonly string[];
}

export interface Known {
  readonly measurements: readonly Measurement[];
  /** Objects that were passed over, and why. */
  readonly notes: readonly string[];
}

const FORMAT: Format<readonly Measurement[]> = {
  decode(bytes) {
    const decoded = decodeResults(bytes);
    return decoded.ok ? { ok: true, value: decoded.measurements } : decoded;
  },
  encode: encodeResults,
};

function keysOf(prefix: string, key: ModelKey): readonly string[] {
  const at = layout(prefix);
  return [at.results(key), at.resultsBeside(key)];
}

/** All that is known of a model: one read a trust level. */
export async function readKnown(store: ArchiveStore, scope: Scope, key: ModelKey): Promise<Known> {
  const found = await Promise.all(scope.read.map((prefix) => readFirst(store, keysOf(prefix, key), FORMAT)));
  return { measurements: found.flatMap((one) => one.value ?? []), notes: found.flatMap((one) => one.notes) };
}

/** What tells a measurement from every other one: no run measures a configuration twice at the same instant. */
function identity({ run, config: c, baselineKey, measuredAt }: Measurement): string {
  return [run, measuredAt, c.hardware, c.optimizer, c.memoryMb, c.batch, baselineKey].join(' ');
}

/** Added to what is there; one that is there already is not added: its write had gone well and its answer was lost. */
function merged(before: readonly Measurement[], added: readonly Measurement[]): readonly Measurement[] {
  const there = new Set(before.map(identity));
  return [...before, ...added.filter((one) => !there.has(identity(one)))];
}

/** Adds measurements to a model's results; runs that write at the same time lose nothing. */
export async function keepResults(
  store: ArchiveStore,
  scope: Scope,
  key: ModelKey,
  added: readonly Measurement[],
): Promise<void> {
  await keeper(store, scope, key)(added);
}

/** The same again and again: what the last write left there is known by its hash and need not be decoded. */
export function keeper(
  store: ArchiveStore,
  scope: Scope,
  key: ModelKey,
): (added: readonly Measurement[]) => Promise<void> {
  let last: { readonly hash: string; readonly value: readonly Measurement[] } | null = null;
  const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const format: Format<readonly Measurement[]> = {
    decode: (bytes) => (last?.hash === hashOf(bytes) ? { ok: true, value: last.value } : FORMAT.decode(bytes)),
    encode(value) {
      const bytes = FORMAT.encode(value);
      last = { hash: hashOf(bytes), value };
      return bytes;
    },
  };
  return (added) => update(store, keysOf(scope.write, key), format, (before) => merged(before ?? [], added));
}
