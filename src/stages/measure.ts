import { gzipSync } from 'node:zlib';
import { layout } from '../archive/keys.ts';
import { keepModel } from '../archive/models.ts';
import { keepResults } from '../archive/records.ts';
import { type AyciError, asAyciError } from '../errors.ts';
import type { Caller } from '../measure/call.ts';
import { SANDBOXES } from '../measure/protocol.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Measurement } from '../types/measurement.ts';
import type { Model } from '../types/model.ts';
import type { PlannedCell } from '../types/plan.ts';
import type { MeasureResponse } from '../types/protocol.ts';
import { measureOne, type Task } from './cell.ts';
import { converter } from './convert.ts';
import type { RunPorts } from './ports.ts';
import type { Prepared } from './prepare.ts';

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

/** Measures what is not known, a cell after the other, and keeps each as soon as it is there. */
export async function measure(
  inputs: Inputs,
  prepared: Prepared,
  ports: RunPorts,
  caller: Caller,
  progress: Progress,
): Promise<Measured> {
  const { cells, candidate, baseline } = prepared.plan;
  const results: CellResult[] = [];
  const raw: { config: PlannedCell['config']; responses: readonly MeasureResponse[] }[] = [];
  const toMeasure = cells.filter((cell) => cell.impossible === null && cell.known === null && !prepared.same);
  let error: AyciError | null = null;
  let sandboxes = 0;
  const task: Task = { inputs, prepared, ports, caller, convert: converter(ports, caller), progress };
  const stopped = (): string | null => (error === null ? caller.budget.exhausted() : `not reached: ${error.message}`);
  try {
    if (toMeasure.length > 0) {
      await ports.store.ready();
      await ports.target.prepare([candidate.framework], ports.signal);
    }
  } catch (thrown) {
    error = asAyciError(thrown);
  }
  for (const cell of cells) {
    const skipped = (reason: string): CellResult => ({ cell, status: 'skipped', measurement: null, reason });
    if (cell.impossible !== null) results.push(skipped(cell.impossible));
    else if (cell.known !== null) results.push({ cell, status: 'reused', measurement: cell.known, reason: null });
    else if (prepared.same) results.push(skipped('the model is its baseline, to the byte'));
    else {
      const stop = stopped();
      if (stop !== null) {
        results.push(skipped(stop));
        continue;
      }
      progress.cell(toMeasure.indexOf(cell), toMeasure.length, cell);
      try {
        const one = await measureOne(task, cell);
        if ('cut' in one) {
          results.push(skipped(one.cut));
          continue;
        }
        sandboxes += one.responses.length;
        raw.push({ config: cell.config, responses: one.responses });
        results.push({ cell, status: 'measured', measurement: one.measurement, reason: null });
        await keepResults(ports.store, ports.scope, candidate.key, [one.measurement]);
      } catch (thrown) {
        error = asAyciError(thrown);
        if (results.at(-1)?.cell !== cell) results.push(skipped(`not reached: ${error.message}`));
      }
    }
  }
  try {
    if (raw.length > 0) await keepRest(ports, [candidate, ...(baseline === null ? [] : [baseline])], raw);
  } catch (thrown) {
    error ??= asAyciError(thrown);
  }
  return { results, error, sandboxes };
}

/** The models as submitted and all raw samples: read only on demand. */
async function keepRest(ports: RunPorts, models: readonly Model[], raw: readonly unknown[]): Promise<void> {
  for (const model of models) await keepModel(ports.store, ports.scope, model);
  const [candidate] = models;
  if (candidate === undefined) return;
  const body = gzipSync(JSON.stringify({ schema: 1, sandboxesPerCell: SANDBOXES, cells: raw }));
  await ports.store.write(layout(ports.scope.write).raw(candidate.key, ports.runId), body, null);
}
