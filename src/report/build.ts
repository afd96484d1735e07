import { costIndex, costPerMillionUsd, throughputPerSecond } from '../analysis/cost.ts';
import { changedOutput, convertedOutput } from '../analysis/equivalence.ts';
import { bestOf, EVEN, type Point, paretoSet } from '../analysis/pareto.ts';
import type { Prices } from '../analysis/prices.ts';
import type { Configuration } from '../types/config.ts';
import type { Measurement, SubjectSummary } from '../types/measurement.ts';
import type { BaselineFigures, CellReport, CellStatus, ModelReport } from '../types/report.ts';
import type { Tolerances, Weights } from '../types/settings.ts';
import type { CellVerdict } from '../types/verdict.ts';

/** A cell with everything that is known of it. */
export interface JudgedCell {
  readonly config: Configuration;
  readonly status: Extract<CellStatus, 'measured' | 'reused' | 'skipped'>;
  readonly reason: string | null;
  readonly measurement: Measurement | null;
  readonly verdict: CellVerdict | null;
}

function figuresOf(config: Configuration, summary: SubjectSummary, prices: Prices): BaselineFigures {
  return {
    latencyMs: summary.latencyMs,
    throughputPerSecond: throughputPerSecond(config, summary.latencyMs.mean),
    costPerMillionUsd: costPerMillionUsd(config, summary.latencyMs.mean, prices),
    memoryMb: { peak: summary.peakMb },
    phasesMs: summary.phasesMs,
    artifact: summary.artifact,
  };
}

function provenanceOf(measurement: Measurement): NonNullable<CellReport['provenance']> {
  const { provenance, cpuModels, versions, threads, mode, measuredAt } = measurement;
  return {
    measuredAt,
    runtimeDigest: provenance.runtimeDigest,
    runtimeVersions: versions,
    cpu: cpuModels.length > 0 ? cpuModels.join(', ') : provenance.cpu,
    region: provenance.region,
    harness: provenance.harness,
    threads,
    mode,
    limits: provenance.limits,
  };
}

function indexOf(judged: JudgedCell, all: readonly JudgedCell[]): number | null {
  const { config, measurement } = judged;
  const at2048 = all.find(
    (one) =>
      one.config.memoryMb === 2048 &&
      one.config.hardware === config.hardware &&
      one.config.optimizer === config.optimizer &&
      one.config.batch === config.batch,
  );
  const own = measurement?.candidate?.latencyMs.mean;
  const reference = at2048?.measurement?.candidate?.latencyMs.mean;
  return own === undefined || reference === undefined ? null : costIndex(config.memoryMb, own, reference);
}

/** What a model's user chose for it. */
export interface Choice {
  readonly weights: Weights;
  readonly outputTolerances: Tolerances;
}

function cellReport(
  judged: JudgedCell,
  all: readonly JudgedCell[],
  prices: Prices,
  tolerances: Tolerances,
): CellReport {
  const { config, measurement, verdict } = judged;
  const own = measurement?.candidate ? figuresOf(config, measurement.candidate, prices) : null;
  const failure = measurement?.candidateFailure ?? null;
  return {
    config,
    status: failure === null ? judged.status : 'failed',
    reason: failure === null ? judged.reason : `${failure.code}: ${failure.message}`,
    latencyMs: own?.latencyMs ?? null,
    throughputPerSecond: own?.throughputPerSecond ?? null,
    phasesMs: own?.phasesMs ?? null,
    artifact: own?.artifact ?? null,
    memoryMb: own?.memoryMb ?? null,
    costPerMillionUsd: own?.costPerMillionUsd ?? null,
    costIndex: indexOf(judged, all),
    pareto: false,
    baseline: measurement?.baseline ? figuresOf(config, measurement.baseline, prices) : null,
    verdict,
    output:
      measurement === null ? null : convertedOutput(config.optimizer, measurement.output, tolerances[config.optimizer]),
    outputChange: measurement === null ? null : changedOutput(measurement.outputChange),
    provenance: measurement === null ? null : provenanceOf(measurement),
  };
}

/** Cells that may be deployed: measured, and answering as the unconverted model does. */
function pointsOf(cells: readonly CellReport[]): ReadonlyMap<CellReport, Point> {
  const points = new Map<CellReport, Point>();
  for (const cell of cells) {
    const right = cell.config.optimizer === 'vanilla' || cell.output?.equivalent === true;
    if (!right || cell.latencyMs === null || cell.costPerMillionUsd === null) continue;
    points.set(cell, { config: cell.config, latencyMs: cell.latencyMs.p50, cost: cell.costPerMillionUsd });
  }
  return points;
}

/** The figures of one model's cells, and the choice between its configurations. */
export function cellsAndBest(
  judged: readonly JudgedCell[],
  prices: Prices,
  choice: Choice = { weights: EVEN, outputTolerances: {} },
): Pick<ModelReport, 'cells' | 'best'> {
  const cells = judged.map((one) => cellReport(one, judged, prices, choice.outputTolerances));
  const points = pointsOf(cells);
  const pareto = paretoSet([...points.values()]);
  return {
    cells: cells.map((cell) => {
      const point = points.get(cell);
      return { ...cell, pareto: point !== undefined && pareto.has(point) };
    }),
    best: bestOf([...points.values()], choice.weights),
  };
}

/** How often each operator occurs more (or less) than in the baseline; those that did not change are left out. */
export function operatorChanges(
  candidate: Readonly<Record<string, number>>,
  baseline: Readonly<Record<string, number>> | null,
): Readonly<Record<string, number>> {
  if (baseline === null) return {};
  const names = [...new Set([...Object.keys(candidate), ...Object.keys(baseline)])].sort();
  const changes = names.map((name) => [name, (candidate[name] ?? 0) - (baseline[name] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, by]) => by !== 0));
}
