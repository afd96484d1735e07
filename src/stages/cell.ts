import { summariseOutputs, summariseSandbox, summariseSubject } from '../analysis/summary.ts';
import type { Caller } from '../measure/call.ts';
import { type CellRun, measureCell } from '../measure/cell.ts';
import { HARNESS } from '../measure/protocol.ts';
import { provenanceOf } from '../plan/plan.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Failure, Measurement } from '../types/measurement.ts';
import type { Model } from '../types/model.ts';
import type { PlannedCell } from '../types/plan.ts';
import type { MeasureResponse, Subject } from '../types/protocol.ts';
import type { Convert, Prepared as Converted } from './convert.ts';
import type { Places } from './locate.ts';
import type { Progress } from './measure.ts';
import type { RunPorts } from './ports.ts';
import type { Prepared } from './prepare.ts';

async function subjectOf(
  places: Places,
  role: Subject['role'],
  model: Model,
  converted: Converted & { ok: true },
  inputs: Subject['inputs'],
): Promise<Subject> {
  const base = { role, artifact: converted.converted.artifact, inputs: await places.inputs(inputs) };
  return converted.isOriginal ? base : { ...base, reference: await places.artifact(model) };
}

const NONE = { optimizeMs: null, compileMs: null };

function failureOf(converted: Converted | null): Failure | null {
  return converted !== null && 'failure' in converted ? converted.failure : null;
}

/** What a cell's measuring needs besides the cell. */
export interface Task {
  readonly inputs: Inputs;
  readonly prepared: Prepared;
  readonly ports: RunPorts;
  readonly caller: Caller;
  readonly places: Places;
  readonly convert: Convert;
  readonly progress: Progress;
}

/** One cell: both models converted, then measured; failures of either are part of the result. */
export async function measureOne(
  task: Task,
  cell: PlannedCell,
): Promise<{ measurement: Measurement; responses: readonly MeasureResponse[] } | { cut: string }> {
  const { inputs, prepared, ports, caller, convert } = task;
  const { candidate, baseline } = prepared.plan;
  const own = await convert(candidate, cell.config);
  const before = baseline === null || cell.baselineInputs === null ? null : await convert(baseline, cell.config);
  for (const one of [own, before]) if (one !== null && 'cut' in one) return { cut: one.cut };
  const makeSubject = async (
    role: Subject['role'],
    model: Model | null,
    converted: Converted | null,
    specs: Subject['inputs'] | null,
  ) =>
    model !== null && converted?.ok === true && specs !== null
      ? subjectOf(task.places, role, model, converted, specs)
      : null;
  const subjects = {
    candidate: await makeSubject('candidate', candidate, own, cell.candidateInputs),
    baseline: await makeSubject('baseline', baseline, before, cell.baselineInputs),
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
      cell.config,
      cell.candidateInputs,
      baseline === null ? null : cell.baselineInputs,
    ),
    measuredAt: ports.clock.date().toISOString(),
    run: ports.runId,
    candidate: summariseSubject(responses, 'candidate', own.ok ? own.converted : NONE),
    baseline: summariseSubject(responses, 'baseline', before?.ok === true ? before.converted : NONE),
    candidateFailure: failureOf(own) ?? run.candidateFailure,
    baselineFailure: noInputs ?? failureOf(before) ?? run.baselineFailure,
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
