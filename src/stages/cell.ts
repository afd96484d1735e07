import { type Conversion, summariseOutputs, summariseSandbox, summariseSubject } from '../analysis/summary.ts';
import type { Caller } from '../measure/call.ts';
import { type CellRun, measureCell } from '../measure/cell.ts';
import { HARNESS } from '../measure/protocol.ts';
import { provenanceOf } from '../plan/plan.ts';
import type { Route } from '../types/engines.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Failure, Measurement } from '../types/measurement.ts';
import type { PlannedCell } from '../types/plan.ts';
import type { MeasureResponse, Subject } from '../types/protocol.ts';
import { needsOutputs, plannedRoute } from '../types/runtimes.ts';
import type { Converter, Served } from './convert.ts';
import type { Places } from './locate.ts';
import type { Made } from './make.ts';
import type { Progress } from './measure.ts';
import type { RunPorts } from './ports.ts';
import type { Prepared } from './prepare.ts';

/** What is kept of a conversion beside the figures of its model. */
function servedOf(made: Made | null): Conversion {
  if (made?.ok !== true) return { optimizeMs: null, compileMs: null, artifact: null };
  const { artifact, optimizeMs, compileMs, notes, converters } = made.converted;
  const bytes = artifact.files.reduce((sum, file) => sum + file.size, 0);
  return { optimizeMs, compileMs, artifact: { bytes, notes, converters } };
}

function failureOf(made: Made | null): Failure | null {
  return made !== null && 'failure' in made ? made.failure : null;
}

/** What the candidate's outputs are compared with; a problem: why they cannot be. */
type Comparable = Pick<Subject, 'reference' | 'expected'> & { readonly problem?: Failure };

/** What a cell's measuring needs besides the cell. */
export interface Task {
  readonly inputs: Inputs;
  readonly prepared: Prepared;
  readonly ports: RunPorts;
  readonly caller: Caller;
  readonly places: Places;
  readonly converter: Converter;
  readonly progress: Progress;
}

/** What the unconverted model says, in the form that the runtime which serves can compare with; a cut ends the cell. */
async function comparable(task: Task, served: Served, route: Route): Promise<Comparable | { readonly cut: string }> {
  const { candidate } = task.prepared.plan;
  if (route.steps.length === 0) return {};
  if (!needsOutputs(candidate.framework, route)) return { reference: await task.places.artifact(candidate) };
  const made = await task.converter.outputs(candidate, served);
  if (made.ok) return { expected: made.converted.artifact };
  return 'cut' in made ? made : { problem: made.failure };
}

/** One cell: both models converted, then measured; failures of either are part of the result. */
export async function measureOne(
  task: Task,
  cell: PlannedCell,
): Promise<{ measurement: Measurement; responses: readonly MeasureResponse[] } | { cut: string }> {
  const { inputs, prepared, ports, caller, converter } = task;
  const { candidate, baseline } = prepared.plan;
  const { config, threads, candidateInputs, baselineInputs } = cell;
  const route = plannedRoute(candidate.framework, config.optimizer);
  const served = { config, threads, inputs: candidateInputs };
  const own = await converter.convert(candidate, served, route);
  const before =
    baseline === null || baselineInputs === null
      ? null
      : await converter.convert(
          baseline,
          { config, threads, inputs: baselineInputs },
          plannedRoute(baseline.framework, config.optimizer),
        );
  for (const one of [own, before]) if (one !== null && 'cut' in one) return { cut: one.cut };
  const beside = own.ok ? await comparable(task, served, route) : {};
  if ('cut' in beside) return beside;
  const { problem, ...compared } = beside;
  const makeSubject = async (role: Subject['role'], made: Made | null, specs: Subject['inputs'] | null) =>
    made?.ok === true && specs !== null
      ? { role, artifact: made.converted.artifact, inputs: await task.places.inputs(specs) }
      : null;
  const ownSubject = await makeSubject('candidate', own, candidateInputs);
  const subjects = {
    candidate: ownSubject === null ? null : { ...ownSubject, ...compared },
    baseline: await makeSubject('baseline', before, baselineInputs),
  };
  const firstRequests = inputs.thresholds.memory !== null || inputs.thresholds.coldStart !== null;
  const run = await runCell(
    caller,
    { ...cell, framework: route.serves, seed: inputs.seed, firstRequests },
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
    candidate: summariseSubject(responses, 'candidate', servedOf(own)),
    baseline: summariseSubject(responses, 'baseline', servedOf(before)),
    candidateFailure: failureOf(own) ?? run.candidateFailure,
    baselineFailure: noInputs ?? failureOf(before) ?? run.baselineFailure,
    sandboxes: responses.map(summariseSandbox),
    ...summariseOutputs(responses, problem === undefined ? null : `the unconverted model: ${problem.message}`),
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
