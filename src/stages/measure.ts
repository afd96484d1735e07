import { gzipSync } from 'node:zlib';
import { summariseOutputs, summariseSandbox, summariseSubject } from '../analysis/summary.ts';
import { layout } from '../archive/keys.ts';
import { artifactOf, keepModel } from '../archive/models.ts';
import { keepResults } from '../archive/records.ts';
import { type AyciError, asAyciError } from '../errors.ts';
import type { Caller } from '../measure/call.ts';
import { type CellRun, measureCell } from '../measure/cell.ts';
import { HARNESS, SANDBOXES } from '../measure/protocol.ts';
import { provenanceOf } from '../plan/plan.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Failure, Measurement } from '../types/measurement.ts';
import type { Model } from '../types/model.ts';
import type { PlannedCell } from '../types/plan.ts';
import type { MeasureResponse, Subject } from '../types/protocol.ts';
import { type Convert, type Prepared as Converted, converter } from './convert.ts';
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

function subjectOf(
  role: Subject['role'],
  model: Model,
  converted: Converted & { ok: true },
  inputs: Subject['inputs'],
): Subject {
  const base = { role, artifact: converted.converted.artifact, inputs };
  return converted.isOriginal ? base : { ...base, reference: artifactOf(model) };
}

const NONE = { optimizeMs: null, compileMs: null };

interface Task {
  readonly inputs: Inputs;
  readonly prepared: Prepared;
  readonly ports: RunPorts;
  readonly caller: Caller;
  readonly convert: Convert;
  readonly progress: Progress;
}

/** One cell: both models converted, then measured; failures of either are part of the result. */
async function measureOne(
  task: Task,
  cell: PlannedCell,
): Promise<{ measurement: Measurement; responses: readonly MeasureResponse[] } | { cut: string }> {
  const { inputs, prepared, ports, caller, convert } = task;
  const { candidate, baseline } = prepared.plan;
  const own = await convert(candidate, cell.config);
  const before = baseline === null || cell.baselineInputs === null ? null : await convert(baseline, cell.config);
  const makeSubject = (
    role: Subject['role'],
    model: Model | null,
    converted: Converted | null,
    specs: Subject['inputs'] | null,
  ) => (model !== null && converted?.ok === true && specs !== null ? subjectOf(role, model, converted, specs) : null);
  const subjects = {
    candidate: makeSubject('candidate', candidate, own, cell.candidateInputs),
    baseline: makeSubject('baseline', baseline, before, cell.baselineInputs),
  };
  const firstRequests = inputs.thresholds.memory !== null || inputs.thresholds.coldStart !== null;
  const run = await runCell(
    caller,
    { ...cell, framework: candidate.framework, seed: inputs.seed, firstRequests },
    subjects,
    task.progress,
  );
  if (run.cut !== null) return { cut: run.cut };
  const noInputs: Failure | null =
    baseline !== null && cell.baselineInputs === null
      ? { code: 'invalid-input', message: 'this batch cannot be fed to the baseline' }
      : null;
  const { responses } = run;
  const last = responses.at(-1);
  const measurement: Measurement = {
    config: cell.config,
    candidateKey: candidate.key,
    baselineKey: baseline?.key ?? null,
    mode: run.mode,
    provenance: provenanceOf(
      { inputs, target: ports.target.facts, harness: HARNESS, candidate },
      cell.config.optimizer,
      cell.candidateInputs,
      baseline === null ? null : cell.baselineInputs,
    ),
    measuredAt: ports.clock.date().toISOString(),
    run: ports.runId,
    candidate: summariseSubject(responses, 'candidate', own.ok ? own.converted : NONE),
    baseline: summariseSubject(responses, 'baseline', before?.ok === true ? before.converted : NONE),
    candidateFailure: own.ok ? run.candidateFailure : own.failure,
    baselineFailure: noInputs ?? (before?.ok === false ? before.failure : run.baselineFailure),
    sandboxes: responses.map(summariseSandbox),
    ...summariseOutputs(responses),
    cpuModels: [...new Set(responses.map((response) => response.environment.cpu))],
    versions: last?.environment.versions ?? {},
    threads: cell.threads,
  };
  return { measurement, responses };
}

/** Where one of the two could not be converted, the other one is still measured: it tells whether that is a regression. */
async function runCell(
  caller: Caller,
  task: Omit<Parameters<typeof measureCell>[1], 'candidate' | 'baseline'>,
  subjects: { readonly candidate: Subject | null; readonly baseline: Subject | null },
  progress: Progress,
): Promise<CellRun> {
  const onSandbox = (done: number, of: number): void => progress.sandbox(done, of);
  if (subjects.candidate !== null)
    return measureCell(caller, { ...task, candidate: subjects.candidate, baseline: subjects.baseline }, onSandbox);
  const nothing: CellRun = { mode: 'solo', responses: [], candidateFailure: null, baselineFailure: null, cut: null };
  if (subjects.baseline === null) return nothing;
  const alone = await measureCell(caller, { ...task, candidate: subjects.baseline, baseline: null }, onSandbox);
  return { ...alone, candidateFailure: null, baselineFailure: alone.candidateFailure };
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
