import type { Measurement } from '../types/measurement.ts';
import type { CellVerdict, MetricVerdict, State, Thresholds } from '../types/verdict.ts';
import { costChange } from './cost.ts';
import { asRatio, decide, ratioInterval, type Tested } from './decide.ts';
import { CONSTANT_OUTPUT } from './equivalence.ts';
import type { Evidence } from './evidence.ts';
import { plain } from './plain.ts';
import type { Prices } from './prices.ts';
import type { Estimated } from './stats.ts';

const WAITS_MORE = 'elapsed time grew while the CPU time did not: it waits more';
const WALL_FELL = 'CPU time grew while elapsed time fell: not decided';
const WALL_GREW = 'CPU time fell while elapsed time grew: not called an improvement';
const TOO_FEW = 'too few sandboxes gave whole figures';

/** The wall's word on what the CPU time decided: it can hold a verdict back, never make one. */
function heldBack(state: State, threshold: number | null, wall: { readonly low: number; readonly high: number }) {
  if (state === 'regressed' && wall.high < 0) return { state: 'inconclusive', note: WALL_FELL } as const;
  if (state === 'improved' && wall.low > 0) return { state: 'pass', note: WALL_GREW } as const;
  const waits = threshold !== null && state !== 'regressed' && wall.low > threshold;
  return { state, note: waits ? WAITS_MORE : null };
}

/**
 * @param toMetric how a change of latency changes the metric
 */
function timeMetric(
  evidence: Evidence,
  tested: Tested,
  threshold: number | null,
  toMetric: (ratio: number) => number,
): MetricVerdict {
  const made = decide(evidence[evidence.clock], tested, threshold, toMetric);
  const interval = ratioInterval(evidence.wall);
  const wall = { low: toMetric(interval.low), high: toMetric(interval.high) };
  return {
    ...made,
    ...(evidence.clock === 'cpu' ? heldBack(made.state, threshold, wall) : { note: null }),
    clock: evidence.clock,
    wallChange: toMetric(asRatio(evidence.wall.mean)),
    cpuChange: toMetric(asRatio(evidence.cpu.mean)),
  };
}

/**
 * Latency, and cost as latency in other money: one hypothesis, two limits. Where the evidence is missing both are
 * undecided, so that a gate on either alone still shows it.
 */
export function timeMetrics(
  measurement: Measurement,
  evidence: Evidence | null,
  tested: Tested | null,
  thresholds: Thresholds,
  prices: Prices,
): CellVerdict['metrics'] {
  const missing = (threshold: number | null) => plain('inconclusive', TOO_FEW, threshold);
  if (evidence === null || tested === null) {
    return { latency: missing(thresholds.latency), cost: missing(thresholds.cost) };
  }
  const baselineMs = measurement.baseline?.latencyMs.mean;
  const toCost = (ratio: number): number => costChange(measurement.config, baselineMs ?? 0, ratio, prices);
  return {
    latency: timeMetric(evidence, tested, thresholds.latency, (ratio) => ratio),
    cost: baselineMs === undefined ? missing(thresholds.cost) : timeMetric(evidence, tested, thresholds.cost, toCost),
  };
}

/** Memory or cold start; null where there is nothing to show and nothing gated. */
export function firstRequestMetric(
  estimated: Estimated | null,
  tested: Tested | null,
  threshold: number | null,
): MetricVerdict | null {
  if (estimated !== null && tested !== null) return { ...plain('pass', null), ...decide(estimated, tested, threshold) };
  return threshold === null ? null : plain('inconclusive', TOO_FEW, threshold);
}

/**
 * Candidate's outputs against the baseline's, without statistics; null where not gated. Outputs that were not compared,
 * or that never change, decide nothing; outputs that cannot be compared (other shapes) are a change.
 * @param limit largest difference relative to the baseline's largest value
 */
export function outputMetric(measurement: Measurement, limit: number | null): MetricVerdict | null {
  const changed = measurement.outputChange;
  if (limit === null) return null;
  if (changed === null) return plain('inconclusive', 'the two did not run together: outputs were not compared', limit);
  const change = changed.relativeDifference;
  const over = changed.problem !== null || change === null || change > limit;
  const state = over ? 'regressed' : changed.varies ? 'pass' : 'inconclusive';
  return { ...plain(state, changed.problem ?? (changed.varies ? null : CONSTANT_OUTPUT), limit), change };
}
