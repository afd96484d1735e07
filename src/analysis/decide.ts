import type { MetricVerdict, State } from '../types/verdict.ts';
import { type Estimated, interval, minimumDetectable } from './stats.ts';

/** Shown intervals are two-sided 95 %; a pass needs the upper bound under the limit. */
const LEVEL = 0.95;

/** What Holm's procedure said of one hypothesis, in both directions. */
export interface Tested {
  readonly slower: boolean;
  readonly faster: boolean;
  /** Error that a single hypothesis of this family may have in the first step. */
  readonly alpha: number;
}

/** A difference of logarithms as a ratio: 0.05 = 5 % more. */
export function asRatio(logDifference: number): number {
  return Math.exp(logDifference) - 1;
}

/**
 * Spread of a difference between runs, as a share of the difference itself. How much slower a model is depends on what its
 * neighbours leave of caches and memory, which changes over minutes; sandboxes of one run share that and cannot show it.
 * Seen: 0.9 and 1.5 % in two series of 20 runs of a difference of 48 % (bench/truth). It vanishes for equal models, so it
 * takes no part in the test.
 */
const BETWEEN_RUNS = 0.015;

/** The interval of an estimate of ln(candidate / baseline), as ratios: within the run and between runs. */
export function ratioInterval(estimated: Estimated): { readonly low: number; readonly high: number } {
  const { low, high } = interval(estimated, LEVEL);
  const half = Math.hypot((high - low) / 2, 1.96 * BETWEEN_RUNS * Math.abs(estimated.mean));
  return { low: asRatio(estimated.mean - half), high: asRatio(estimated.mean + half) };
}

/**
 * The declared rule for one metric (docs/verdict.md): regressed where rejected and the change reaches the limit; passed
 * where the upper bound is under the limit; else not decided.
 * @param toMetric how a change of the estimated quantity changes the metric (identity, or latency → cost)
 */
export function decide(
  estimated: Estimated,
  tested: Tested,
  threshold: number | null,
  toMetric: (ratio: number) => number = (ratio) => ratio,
): Omit<MetricVerdict, 'clock' | 'wallChange' | 'cpuChange' | 'note'> {
  const bounds = ratioInterval(estimated);
  const change = toMetric(asRatio(estimated.mean));
  const low = toMetric(bounds.low);
  const high = toMetric(bounds.high);
  let state: State = 'pass';
  if (threshold !== null) {
    if (tested.slower && change >= threshold) state = 'regressed';
    else if (high >= threshold) state = 'inconclusive';
    else if (tested.faster && change <= -threshold) state = 'improved';
  }
  return {
    state,
    change,
    low,
    high,
    minimumDetectable: toMetric(asRatio(minimumDetectable(estimated, tested.alpha))),
    threshold,
  };
}
