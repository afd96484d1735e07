import type { Measurement } from '../types/measurement.ts';
import type { CellVerdict, Thresholds } from '../types/verdict.ts';
import type { Tested } from './decide.ts';
import { firstRequestEvidence, latencyEvidence } from './evidence.ts';
import { testFamily } from './family.ts';
import { worstState } from './gate.ts';
import { firstRequestMetric, outputMetric, timeMetrics } from './metrics.ts';
import { withoutStatistics } from './plain.ts';
import type { Prices } from './prices.ts';
import type { Estimated } from './stats.ts';

export interface Gates {
  readonly thresholds: Thresholds;
  /** Largest relative difference of outputs, or null. */
  readonly maxOutputDifference: number | null;
  readonly prices: Prices;
}

/** A cell's state is the worst of its gated metrics; what is only shown never counts. */
function stateOf(metrics: CellVerdict['metrics']): CellVerdict['state'] {
  const gated = Object.values(metrics).filter((metric) => metric.threshold !== null);
  return worstState(gated.map((metric) => metric.state)) ?? 'pass';
}

/** A cell, and what it is held to: models of one run may have limits of their own. */
export interface Judged {
  readonly measurement: Measurement;
  readonly gates: Gates;
}

type Estimates = readonly (Estimated | null)[];

/** One metric's estimates, a cell each, and in which cells it is gated. */
interface Metric {
  readonly estimates: Estimates;
  readonly gated: readonly boolean[];
}

/**
 * Tests metrics that are one family over the run (Holm). What is not gated is no hypothesis of it: tested by itself it
 * still has its smallest detectable change.
 * @returns an answer a cell, for each metric
 */
function tested(metrics: readonly Metric[]): readonly (readonly (Tested | null)[])[] {
  const only = ({ estimates, gated }: Metric, wanted: boolean): Estimates =>
    estimates.map((one, index) => (gated[index] === wanted ? one : null));
  const family = testFamily(metrics.flatMap((metric) => only(metric, true)));
  return metrics.map((metric, at) => {
    const shown = testFamily(only(metric, false));
    const start = at * metric.estimates.length;
    return metric.estimates.map((_, index) => family[start + index] ?? shown[index] ?? null);
  });
}

/**
 * Judges all cells of a run by the declared rule, stage 1 (docs/verdict.md): one hypothesis a cell for latency and
 * cost, Holm over the run; gated memory and cold start are a family of their own. A metric without a limit is `pass`
 * whatever its change: only its figures are shown.
 * @returns one verdict a cell, in the same order
 */
export function judgeAll(cells: readonly Judged[]): readonly CellVerdict[] {
  const known = cells.map(({ measurement }) => withoutStatistics(measurement));
  const ofComparable = <T>(of: (measurement: Measurement) => T | null): readonly (T | null)[] =>
    cells.map(({ measurement }, index) => (known[index] === null ? of(measurement) : null));
  const gatedBy = (limits: (thresholds: Thresholds) => readonly (number | null)[]): readonly boolean[] =>
    cells.map(({ gates }) => limits(gates.thresholds).some((limit) => limit !== null));
  const evidence = ofComparable(latencyEvidence);
  const estimates = evidence.map((one) => (one === null ? null : one[one.clock]));
  const [time = []] = tested([{ estimates, gated: gatedBy(({ latency, cost }) => [latency, cost]) }]);
  const memory = ofComparable((one) => firstRequestEvidence(one, 'memory'));
  const cold = ofComparable((one) => firstRequestEvidence(one, 'coldStart'));
  const [memoryTested = [], coldTested = []] = tested([
    { estimates: memory, gated: gatedBy((thresholds) => [thresholds.memory]) },
    { estimates: cold, gated: gatedBy((thresholds) => [thresholds.coldStart]) },
  ]);
  return cells.map(({ measurement, gates }, index): CellVerdict => {
    const { thresholds, prices } = gates;
    const timed = measurement.sandboxes.filter((sandbox) => sandbox.quads > 0);
    const counts = { sandboxes: timed.length, quads: timed.reduce((sum, sandbox) => sum + sandbox.quads, 0) };
    const without = known[index] ?? null;
    if (without !== null) return { ...without, ...counts };
    const peak = firstRequestMetric(memory[index] ?? null, memoryTested[index] ?? null, thresholds.memory);
    const start = firstRequestMetric(cold[index] ?? null, coldTested[index] ?? null, thresholds.coldStart);
    const output = outputMetric(measurement, gates.maxOutputDifference);
    const metrics: CellVerdict['metrics'] = {
      ...timeMetrics(measurement, evidence[index] ?? null, time[index] ?? null, thresholds, prices),
      ...(peak === null ? {} : { memory: peak }),
      ...(start === null ? {} : { coldStart: start }),
      ...(output === null ? {} : { output }),
    };
    return { state: stateOf(metrics), ...counts, metrics };
  });
}

/** Judges cells that are held to the same. */
export function judge(measurements: readonly Measurement[], gates: Gates): readonly CellVerdict[] {
  return judgeAll(measurements.map((measurement) => ({ measurement, gates })));
}
