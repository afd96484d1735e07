import { keepModel } from '../archive/models.ts';
import { resultsWriter } from '../archive/results.ts';
import { type AyciError, asAyciError } from '../errors.ts';
import type { Caller } from '../measure/call.ts';
import { converterAt } from '../measure/convert.ts';
import { SANDBOXES } from '../measure/protocol.ts';
import type { TargetFacts, Work } from '../ports.ts';
import type { Framework } from '../types/config.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Measurement } from '../types/measurement.ts';
import type { PlannedCell } from '../types/plan.ts';
import { convertersOf, plannedRoute } from '../types/runtimes.ts';
import { measureOne, type Task } from './cell.ts';
import { converter } from './convert.ts';
import type { Places } from './locate.ts';
import { didNotFit, inParallel, type Ladder, laddersOf } from './order.ts';
import type { RunPorts } from './ports.ts';
import type { Prepared } from './prepare.ts';
import { rawAnswers } from './raw.ts';

/** What became of a planned cell. */
export interface CellResult {
  readonly cell: PlannedCell;
  readonly status: 'measured' | 'reused' | 'skipped';
  readonly measurement: Measurement | null;
  /** Why it was skipped. */
  readonly reason: string | null;
}

export interface Measured {
  readonly results: readonly CellResult[];
  /** What ended the measuring early; what was measured before is in `results`. */
  readonly error: AyciError | null;
  readonly sandboxes: number;
}

export interface Progress {
  /** What is going to be done, before it is. */
  planned(prepared: Prepared): void;
  cell(index: number, of: number, cell: PlannedCell): void;
  sandbox(done: number, of: number): void;
}

/** Functions that the cells need, converters included. */
function functionsOf(cells: readonly PlannedCell[], framework: Framework, facts: TargetFacts): readonly Work[] {
  const all = new Map<string, Work>();
  for (const { config } of cells) {
    const { hardware, memoryMb, optimizer } = config;
    const route = plannedRoute(framework, optimizer);
    const converters = convertersOf(framework, route).map(
      (one): Work => ({ ...converterAt(one, facts.converterHardware(one, hardware)), op: 'convert' }),
    );
    for (const one of [{ framework: route.serves, hardware, memoryMb, op: 'measure' } as const, ...converters])
      all.set(`${one.op} ${one.framework} ${one.hardware} ${one.memoryMb} ${'light' in one}`, one);
  }
  return [...all.values()];
}

/** Cells at once: so many that requests always wait for a sandbox, never a sandbox for requests. */
function laddersAtOnce(concurrency: number): number {
  return concurrency === 1 ? 1 : Math.ceil((1.5 * concurrency) / SANDBOXES) + 1;
}

/** Measures what is not known, as many cells at once as the target allows, and keeps each as soon as it is there. */
export async function measure(
  inputs: Inputs,
  prepared: Prepared,
  ports: RunPorts,
  places: Places,
  caller: Caller,
  progress: Progress,
): Promise<Measured> {
  const { cells, candidate, baseline } = prepared.plan;
  const results = new Map<PlannedCell, CellResult>();
  const toMeasure = cells.filter((cell) => cell.impossible === null && cell.known === null && !prepared.same);
  const raw = rawAnswers(ports, candidate.key);
  const writer = resultsWriter(ports.store, ports.scope, candidate.key);
  const task: Task = {
    inputs,
    prepared,
    ports,
    caller,
    places,
    converter: converter(ports, places, caller, inputs.seed),
    progress,
  };
  let error: AyciError | null = null;
  let sandboxes = 0;
  let started = 0;

  const put = (cell: PlannedCell, status: CellResult['status'], rest: Partial<CellResult>): void => {
    results.set(cell, { cell, status, measurement: null, reason: null, ...rest });
  };
  const stopped = (): string | null => {
    error ??= writer.failure;
    return error === null ? caller.budget.exhausted() : `not reached: ${error.message}`;
  };

  async function one(cell: PlannedCell): Promise<Measurement | null> {
    const stop = stopped();
    if (stop !== null) {
      put(cell, 'skipped', { reason: stop });
      return null;
    }
    progress.cell(started, toMeasure.length, cell);
    started += 1;
    const done = await measureOne(task, cell);
    if ('cut' in done) {
      put(cell, 'skipped', { reason: done.cut });
      return null;
    }
    sandboxes += done.responses.length;
    put(cell, 'measured', { measurement: done.measurement });
    const kept = writer.add([done.measurement]);
    // One cell after the other: it is safe before the next one begins. Side by side nobody waits for anybody.
    if (ports.target.facts.concurrency === 1) await kept;
    await raw.add(cell.config, done.responses);
    return done.measurement;
  }

  async function climb(ladder: Ladder): Promise<void> {
    let tooSmall: number | null = null;
    for (const cell of ladder) {
      const { memoryMb } = cell.config;
      if (cell.impossible !== null) put(cell, 'skipped', { reason: cell.impossible });
      else if (cell.known !== null) {
        put(cell, 'reused', { measurement: cell.known });
        if (didNotFit(cell.known)) tooSmall = memoryMb;
      } else if (prepared.same) put(cell, 'skipped', { reason: 'the model is its baseline, to the byte' });
      else if (tooSmall !== null)
        put(cell, 'skipped', { reason: `does not fit below ${tooSmall} MB: it did not fit there` });
      else {
        try {
          if (didNotFit(await one(cell))) tooSmall = memoryMb;
        } catch (thrown) {
          error ??= asAyciError(thrown);
          if (!results.has(cell)) put(cell, 'skipped', { reason: `not reached: ${error.message}` });
        }
      }
    }
  }

  try {
    if (toMeasure.length > 0) {
      await ports.store.ready(ports.scope.write);
      await ports.target.prepare(functionsOf(toMeasure, candidate.framework, ports.target.facts), ports.signal);
    }
  } catch (thrown) {
    error = asAyciError(thrown);
  }
  await inParallel(laddersOf(cells), laddersAtOnce(ports.target.facts.concurrency), climb);
  try {
    await writer.close();
    if (sandboxes > 0) {
      for (const model of [candidate, ...(baseline === null ? [] : [baseline])]) {
        await keepModel(ports.store, ports.scope, model);
      }
      await raw.keep();
    }
  } catch (thrown) {
    error ??= asAyciError(thrown);
  }
  return { results: cells.flatMap((cell) => results.get(cell) ?? []), error, sandboxes };
}
