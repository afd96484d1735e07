import { gateOf, runVerdict } from '../analysis/gate.ts';
import { sameModel } from '../analysis/plain.ts';
import { PRICE_DATE } from '../analysis/prices.ts';
import { judge } from '../analysis/verdict.ts';
import { type AyciError, explain } from '../errors.ts';
import { cellsAndBest, type JudgedCell, operatorChanges } from '../report/build.ts';
import { isSameConfig } from '../report/words.ts';
import type { BaselineRef, Inputs } from '../types/inputs.ts';
import type { Measurement } from '../types/measurement.ts';
import type { CellReport, ModelReport, Report, RunFacts } from '../types/report.ts';
import type { CellVerdict, State } from '../types/verdict.ts';
import type { CellResult, Measured } from './measure.ts';
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

function judged(results: readonly CellResult[], inputs: Inputs, prepared: Prepared): readonly JudgedCell[] {
  const measured = results.flatMap(({ measurement }) => measurement ?? []);
  const gates = {
    thresholds: inputs.thresholds,
    maxOutputDifference: inputs.maxOutputDifference,
    prices: prepared.prices,
  };
  const verdicts = judge(measured, gates);
  const verdictOf = (measurement: Measurement | null): CellVerdict | null =>
    measurement === null ? null : (verdicts[measured.indexOf(measurement)] ?? null);
  return results.map(({ cell, status, measurement, reason }) => {
    const same = prepared.same && cell.impossible === null;
    return {
      config: cell.config,
      status,
      reason,
      measurement,
      verdict: same ? sameModel(inputs.thresholds) : verdictOf(measurement),
    };
  });
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

/** Judges what was measured and puts together what there is to say. */
export function makeReport(
  inputs: Inputs,
  prepared: Prepared,
  measured: Measured,
  ports: RunPorts,
  facts: Facts,
): Report {
  const { candidate, baseline, cells: planned } = prepared.plan;
  const figures = cellsAndBest(judged(measured.results, inputs, prepared), prepared.prices);
  const states = counted(figures.cells, figures.best, inputs.gateOn);
  const verdict = runVerdict(states);
  const model: ModelReport = {
    path: candidate.path,
    key: candidate.key,
    framework: candidate.framework,
    baselinePath: baseline?.path ?? null,
    baselineKey: baseline?.key ?? null,
    inputs: planned[0]?.candidateInputs ?? [],
    overrides: overridesOf(inputs),
    ...figures,
    operatorChanges: operatorChanges(candidate.operators, baseline?.operators ?? null),
  };
  return {
    schema: 1,
    verdict,
    gate: gateOf(states, inputs.failOn),
    error: measured.error === null ? null : { code: measured.error.code, message: explain(measured.error) },
    models: [model],
    run: {
      ...runFacts(inputs, ports, facts),
      reused: measured.results.filter((one) => one.status === 'reused').length,
      sandboxes: measured.sandboxes,
      notes: notesOf(prepared, measured, ports),
    },
  };
}

function runFacts(inputs: Inputs, ports: RunPorts, facts: Facts): Omit<RunFacts, 'reused' | 'sandboxes' | 'notes'> {
  return {
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

function notesOf(prepared: Prepared, measured: Measured, ports: RunPorts): readonly string[] {
  const { facts } = ports.target;
  const alternating = measured.results.some(({ measurement }) => measurement?.mode === 'alternating');
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
    ...(defaulted ? ['Symbolic dimensions were given sizes: see the inputs; --input-shape sets others.'] : []),
  ];
}

/** A report of a run that ended before it knew its models. */
export function failedReport(inputs: Inputs, ports: RunPorts, facts: Facts, error: AyciError): Report {
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
