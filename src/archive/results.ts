import { setTimeout as sleep } from 'node:timers/promises';
import { type AyciError, asAyciError } from '../errors.ts';
import type { ArchiveStore } from '../ports.ts';
import type { Measurement } from '../types/measurement.ts';
import type { ModelKey } from '../types/model.ts';
import { keeper, type Scope } from './records.ts';

/** A write takes all of a model's results along: the pauses keep its share of the time small however many there are. */
const PAUSE_FACTOR = 20;
const LONGEST_PAUSE_MS = 60_000;

/** Keeps measurements while others are being made; a run that is killed loses what was not written yet. */
export interface ResultsWriter {
  /** They are written with the next write; resolves when that has been tried (see `failure`). Nobody has to wait. */
  add(measurements: readonly Measurement[]): Promise<void>;
  /** Why the last write failed; null where it went well. What it should have written is tried again. */
  readonly failure: AyciError | null;
  /** Writes the rest. @throws AyciError what kept it from being written */
  close(): Promise<void>;
}

export function resultsWriter(store: ArchiveStore, scope: Scope, key: ModelKey): ResultsWriter {
  const keep = keeper(store, scope, key);
  const closing = new AbortController();
  let waiting: readonly Measurement[] = [];
  let tell: (() => void)[] = [];
  let failure: AyciError | null = null;
  let running: Promise<void> | null = null;

  async function writeWaiting(): Promise<void> {
    const batch = waiting;
    const told = tell;
    waiting = [];
    tell = [];
    try {
      await keep(batch);
      failure = null;
    } catch (thrown) {
      failure = asAyciError(thrown);
      waiting = [...batch, ...waiting];
    }
    for (const one of told) one();
  }

  /** One write at a time; ends where nothing waits, or with a failure, which the next `add` or `close` tries to mend. */
  async function drain(): Promise<void> {
    do {
      const begin = performance.now();
      await writeWaiting();
      const pause = Math.min(PAUSE_FACTOR * (performance.now() - begin), LONGEST_PAUSE_MS);
      await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined);
    } while (waiting.length > 0 && failure === null && !closing.signal.aborted);
    running = null;
    // What came after a failed write is tried with the next one; nobody waits for that.
    for (const one of tell.splice(0)) one();
  }

  return {
    add(measurements) {
      waiting = [...waiting, ...measurements];
      const tried = new Promise<void>((resolve) => tell.push(resolve));
      running ??= drain();
      return tried;
    },
    get failure() {
      return failure;
    },
    async close() {
      closing.abort();
      await running;
      if (waiting.length > 0) await writeWaiting();
      if (failure !== null) throw failure;
    },
  };
}
