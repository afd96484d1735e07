import { gateOf, runVerdict } from '../analysis/gate.ts';
import { sameModel } from '../analysis/plain.ts';
import { PRICE_DATE } from '../analysis/prices.ts';
import { judgeAll } from '../analysis/verdict.ts';
import { type AyciError, explain } from '../errors.ts';
import { cellsAndBest, type JudgedCell, operatorChanges } from '../report/build.ts';
import { isSameConfig } from '../report/words.ts';
import type { BaselineRef, Inputs } from '../types/inputs.ts';
import type { CellReport, ModelReport, Report, RunFacts } from '../types/report.ts';
import type { State } from '../types/verdict.ts';
import type { Measured } from './measure.ts';
import type { RunPorts } from './ports.ts';
import type { Prepared } from './prepare.ts';

function refText(ref: BaselineRef | null): string | null {
  if (ref === null) return null;
  switch (ref.kind) {
    case 'path':
      return ref.path;
    case 'git':
      return `git:${ref.ref}`;
    case 'key':
      return `key:${ref.key}`;
    case 'archive':
      return `archive:${ref.branch}`;
  }
}

/** One model of a run, from its inputs to what was measured of it. */
export interface ModelRun {
  readonly inputs: Inputs;
  readonly prepared: Prepared;
  readonly measured: Measured;
}

/** All cells of a run are judged together: they are one family of hypotheses. */
function judged(runs: readonly ModelRun[]): readonly (readonly JudgedCell[])[] {
  const cells = runs.flatMap(({ inputs, prepared, measured }) => {
    const { thresholds, maxOutputDifference } = inputs;
    const gates = { thresholds, maxOutputDifference, prices: prepared.prices };
    return measured.results.flatMap(({ measurement }) => (measurement === null ? [] : [{ measurement, gates }]));
  });
  const verdicts = judgeAll(cells);
  const verdictOf = new Map(cells.map(({ measurement }, index) => [measurement, verdicts[index] ?? null]));
  return runs.map(({ inputs, prepared, measured }) =>
    measured.results.map(({ cell, status, measurement, reason }) => {
      const same = prepared.same && cell.impossible === null;
      const own = measurement === null ? null : (verdictOf.get(measurement) ?? null);
      return { config: cell.config, status, reason, measurement, verdict: same ? sameModel(inputs.thresholds) : own };
    }),
  );
}

function overridesOf(inputs: Inputs): ModelReport['overrides'] {
  const { shapes, ranges, files } = inputs.overrides;
  return [
    ...Object.entries(shapes).map(([name, dims]) => ({ input: 'input-shape', value: `${name}=${dims.join('x')}` })),
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

export interface Facts {
  readonly calls: number;
  readonly spentUsd: number;
  readonly seconds: number;
  readonly startedAt: Date;
}

function modelReport({ inputs, prepared }: ModelRun, cells: readonly JudgedCell[]): ModelReport {
  const { candidate, baseline, cells: planned } = prepared.plan;
  const figures = cellsAndBest(cells, prepared.prices);
  return {
    path: candidate.path,
    key: candidate.key,
    framework: candidate.framework,
    verdict: runVerdict(counted(figures.cells, figures.best, inputs.gateOn)),
    baselinePath: baseline?.path ?? null,
    baselineKey: baseline?.key ?? null,
    baselineRef: refText(inputs.baseline),
    inputs: planned[0]?.candidateInputs ?? [],
    overrides: overridesOf(inputs),
    ...figures,
    operatorChanges: operatorChanges(candidate.operators, baseline?.operators ?? null),
  };
}

/** What the inputs of all models of a run have in common. */
export type RunInputs = Pick<Inputs, 'seed' | 'failOn' | 'baseline'>;

/** Judges what was measured and puts together what there is to say. */
export function makeReport(common: RunInputs, runs: readonly ModelRun[], ports: RunPorts, facts: Facts): Report {
  const cells = judged(runs);
  const models = runs.map((one, index) => modelReport(one, cells[index] ?? []));
  const states = models.flatMap(({ cells: own, best }, index) =>
    counted(own, best, runs[index]?.inputs.gateOn ?? 'cells'),
  );
  const error = runs.find(({ measured }) => measured.error !== null)?.measured.error ?? null;
  const reused = runs.flatMap(({ measured }) => measured.results.filter(({ status }) => status === 'reused'));
  return {
    schema: 1,
    verdict: runVerdict(states),
    gate: gateOf(states, common.failOn),
    error: error === null ? null : { code: error.code, message: explain(error) },
    models,
    run: {
      ...runFacts(common, ports, facts),
      reused: reused.length,
      sandboxes: runs.reduce((sum, { measured }) => sum + measured.sandboxes, 0),
      notes: [...new Set(runs.flatMap((one) => notesOf(one, ports)))],
    },
  };
}

function runFacts(inputs: RunInputs, ports: RunPorts, facts: Facts): Omit<RunFacts, 'reused' | 'sandboxes' | 'notes'> {
  return {
    gateChanges: [],
    waivers: [],
    baseline: null,
    legs: null,
    target: ports.target.facts.kind,
    seed: inputs.seed,
    calls: facts.calls,
    seconds: Number(facts.seconds.toFixed(1)),
    spentUsd: Number(facts.spentUsd.toPrecision(4)),
    baselineRef: refText(inputs.baseline),
    commit: ports.commit,
    baseCommit: ports.baseCommit,
    startedAt: facts.startedAt.toISOString(),
    ayciVersion: ports.version,
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
    input.dims.some((dim) => typeof dim !== 'number'),
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
export function failedReport(inputs: RunInputs, ports: RunPorts, facts: Facts, error: AyciError): Report {
  const verdict = 'unmeasured';
  return {
    schema: 1,
    verdict,
    gate: gateOf([], inputs.failOn),
    error: { code: error.code, message: explain(error) },
    models: [],
    run: { ...runFacts(inputs, ports, facts), reused: 0, sandboxes: 0, notes: [] },
  };
}
