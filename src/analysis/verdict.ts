import type { Measurement } from '../types/measurement.ts';
import type { CellVerdict, Thresholds } from '../types/verdict.ts';
import { firstRequestEvidence, latencyEvidence } from './evidence.ts';
import { testFamily } from './family.ts';
import { worstState } from './gate.ts';
import { firstRequestMetric, outputMetric, timeMetrics } from './metrics.ts';
import { withoutStatistics } from './plain.ts';
import type { Prices } from './prices.ts';

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

/**
 * Judges all cells of a run by the declared rule, stage 1 (docs/verdict.md): one hypothesis a cell for latency and
 * cost, Holm over the run; gated memory and cold start are a family of their own. A metric without a limit is `pass`
 * whatever its change: only its figures are shown.
 * @returns one verdict a measurement, in the same order
 */
export function judge(measurements: readonly Measurement[], gates: Gates): readonly CellVerdict[] {
  const { thresholds, prices } = gates;
  const known = measurements.map(withoutStatistics);
  const ofComparable = <T>(of: (measurement: Measurement) => T | null): readonly (T | null)[] =>
    measurements.map((measurement, index) => (known[index] === null ? of(measurement) : null));
  const evidence = ofComparable(latencyEvidence);
  const time = testFamily(evidence.map((one) => (one === null ? null : one[one.clock])));
  const memory = ofComparable((one) => firstRequestEvidence(one, 'memory'));
  const cold = ofComparable((one) => firstRequestEvidence(one, 'coldStart'));
  // What is not gated is no hypothesis of the family; tested by itself it still has its smallest detectable change.
  const together = thresholds.memory !== null && thresholds.coldStart !== null;
  const both = testFamily([...memory, ...cold]);
  const memoryTested = together ? both.slice(0, memory.length) : testFamily(memory);
  const coldTested = together ? both.slice(memory.length) : testFamily(cold);
  return measurements.map((measurement, index): CellVerdict => {
    const counts = {
      sandboxes: measurement.sandboxes.length,
      quads: measurement.sandboxes.reduce((sum, sandbox) => sum + sandbox.quads, 0),
    };
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
