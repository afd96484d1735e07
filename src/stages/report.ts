import { gateOf, joinedGate, runVerdict, worstVerdict } from '../analysis/gate.ts';
import { modelChanges } from '../analysis/model-changes.ts';
import { PRICE_DATE } from '../analysis/prices.ts';
import { type AyciError, explain } from '../errors.ts';
import { baselineText } from '../inputs/baseline.ts';
import { cellsAndBest, type JudgedCell, operatorChanges } from '../report/build.ts';
import { isSameConfig } from '../report/words.ts';
import type { BaselineRef, Inputs } from '../types/inputs.ts';
import type { CellReport, ModelReport, Report, RunFacts } from '../types/report.ts';
import type { RunTask } from '../types/task.ts';
import type { State } from '../types/verdict.ts';
import { accepted, judged, type ModelRun } from './judge.ts';
import type { RunPorts } from './ports.ts';

function refText(ref: BaselineRef | null): string | null {
  return ref === null ? null : baselineText(ref);
}

function overridesOf(inputs: Inputs): ModelReport['overrides'] {
  const { shapes, ranges, files } = inputs.overrides;
  return [
    ...Object.entries(shapes).map(([name, { dims, dtype }]) => ({
      input: 'input-shape',
      value: `${name}=${dims.join('x')}${dtype === null ? '' : `:${dtype}`}`,
    })),
    ...Object.entries(ranges).map(([name, { low, high }]) => ({
      input: 'input-range',
      value: `${name}=${low}:${high}`,
    })),
    ...Object.entries(files).map(([name, path]) => ({ input: 'input', value: `${name}=@${path}` })),
  ];
}

/** Cells whose verdicts count: all of them, or the best alone. */
function counted(cells: readonly CellReport[], best: ModelReport['best'], gateOn: Inputs['gateOn']): readonly State[] {
  const balanced = best.balanced;
  const chosen =
    gateOn === 'best' && balanced !== null ? cells.filter((cell) => isSameConfig(cell.config, balanced)) : cells;
  return chosen.flatMap((cell) => cell.verdict?.state ?? []);
}

/** What the inputs of all models of a run have in common is in the first one's. */
export function commonOf({ models }: RunTask): Inputs {
  return models[0].inputs;
}

export interface Facts {
  readonly calls: number;
  readonly spentUsd: number;
  readonly seconds: number;
  readonly startedAt: Date;
}

function modelReport({ task, prepared }: ModelRun, cells: readonly JudgedCell[]): ModelReport {
  const { candidate, baseline, cells: planned } = prepared.plan;
  const figures = cellsAndBest(cells, prepared.prices, task);
  return {
    path: task.shownAs ?? candidate.path,
    key: candidate.key,
    framework: candidate.framework,
    verdict: runVerdict(counted(figures.cells, figures.best, task.inputs.gateOn)),
    baselinePath: baseline?.path ?? null,
    baselineKey: baseline?.key ?? null,
    baselineRef: refText(prepared.ref),
    inputs: planned[0]?.candidateInputs ?? [],
    overrides: overridesOf(task.inputs),
    ...figures,
    operatorChanges: operatorChanges(candidate.operators, baseline?.operators ?? null),
    modelChanges: modelChanges(candidate, baseline),
  };
}

/** Judges what was measured and puts together what there is to say. */
export function makeReport(task: RunTask, all: readonly ModelRun[], ports: RunPorts, facts: Facts): Report {
  const changed = all.filter(({ prepared }) => !prepared.same);
  const runs = task.onlyChanged && changed.length > 0 ? changed : all;
  const today = ports.clock.date().toISOString().slice(0, 10);
  const { cells, waivers } = accepted(runs, judged(runs), task.waivers, today);
  const models = runs.map((one, index) => modelReport(one, cells[index] ?? []));
  const gates = models.map(({ cells: own, best }, index) =>
    gateOf(counted(own, best, runs[index]?.task.inputs.gateOn ?? 'cells'), commonOf(task).failOn),
  );
  const error = all.find(({ measured }) => measured.error !== null)?.measured.error ?? null;
  const reused = all.flatMap(({ measured }) => measured.results.filter(({ status }) => status === 'reused'));
  const [first] = all;
  return {
    schema: 1,
    verdict: worstVerdict(models.map((model) => model.verdict)),
    gate: joinedGate(gates),
    error: error === null ? null : { code: error.code, message: explain(error) },
    models,
    run: {
      ...runFacts(task, ports, facts),
      waivers,
      baseline: first?.prepared.baseline ?? null,
      baselineRef: refText(first?.prepared.ref ?? null),
      baseCommit: first?.prepared.baseline?.commit ?? ports.baseCommit,
      reused: reused.length,
      sandboxes: all.reduce((sum, { measured }) => sum + measured.sandboxes, 0),
      notes: [...new Set(all.flatMap((one) => notesOf(one, ports)))],
    },
  };
}

function runFacts(task: RunTask, ports: RunPorts, facts: Facts): Omit<RunFacts, 'reused' | 'sandboxes' | 'notes'> {
  return {
    gateChanges: task.gateChanges,
    waivers: [],
    baseline: null,
    legs: null,
    target: ports.target.facts.kind,
    seed: commonOf(task).seed,
    calls: facts.calls,
    seconds: Number(facts.seconds.toFixed(1)),
    spentUsd: Number(facts.spentUsd.toPrecision(4)),
    baselineRef: refText(commonOf(task).baseline),
    commit: ports.commit,
    baseCommit: ports.baseCommit,
    startedAt: facts.startedAt.toISOString(),
    ayciVersion: ports.version,
    command: ports.command,
    priceRegion: ports.region,
    priceDate: PRICE_DATE,
  };
}

function notesOf({ prepared, measured }: ModelRun, ports: RunPorts): readonly string[] {
  const { facts } = ports.target;
  const alternating = measured.results.some(({ measurement }) => measurement?.mode === 'alternating');
  const ran = measured.results.filter((one) => one.status === 'measured' && one.measurement?.candidate !== null);
  const warm = ran.some(({ measurement }) => measurement?.candidate?.phasesMs.load === null);
  const defaulted = prepared.plan.candidate.signature.inputs.some((input) =>
    input.dims?.some((dim) => typeof dim !== 'number'),
  );
  return [
    ...ports.notes,
    ...prepared.notes,
    ...(prepared.same ? ['The model is its baseline, to the byte: nothing was measured.'] : []),
    ...(alternating
      ? ['Where both models did not run together in one sandbox, each was measured by itself in turn.']
      : []),
    ...(facts.fractionalCpu ? [] : [`CPU shares could not be set: ${facts.fractionalCpuRemedy ?? 'no reason known'}.`]),
    ...facts.notes,
    ...(facts.reads === 'files' && measured.results.some((one) => one.measurement !== null)
      ? [`CPU share and memory by ${facts.limits}.`]
      : []),
    ...(facts.reads === 'archive' && warm
      ? [
          'Cold start and peak memory are of first requests; where every sandbox had served others before there are none.',
        ]
      : []),
    ...(defaulted ? ['Symbolic dimensions were given sizes: see the inputs; input-shape sets others.'] : []),
  ];
}

/** A report of a run that ended before it knew its models. */
export function failedReport(task: RunTask, ports: RunPorts, facts: Facts, error: AyciError): Report {
  const verdict = 'unmeasured';
  return {
    schema: 1,
    verdict,
    gate: gateOf([], commonOf(task).failOn),
    error: { code: error.code, message: explain(error) },
    models: [],
    run: { ...runFacts(task, ports, facts), reused: 0, sandboxes: 0, notes: [] },
  };
}
