import type { Measurement } from '../types/measurement.ts';
import type { CellVerdict, Metric, MetricVerdict, State, Thresholds } from '../types/verdict.ts';

const NOTHING = {
  clock: null,
  change: null,
  low: null,
  high: null,
  minimumDetectable: null,
  wallChange: null,
  cpuChange: null,
} as const;

/** A metric's verdict without figures. */
export function plain(state: State, note: string | null, threshold: number | null = null): MetricVerdict {
  return { state, ...NOTHING, threshold, note };
}

type WithoutStatistics = Pick<CellVerdict, 'state' | 'metrics'>;

function runs(state: State, note: string): WithoutStatistics {
  return { state, metrics: { runs: plain(state, note) } };
}

/** What the platform did to the run: it says nothing of the model. */
const NOT_THE_MODEL: readonly string[] = ['throttled', 'connection-lost', 'artifact-mismatch'];

/**
 * Cells that no statistics is needed for: one of the two did not run, or there is nothing to compare with. Null where
 * both ran. What the baseline ran and the candidate cannot is a regression, unless the platform was at fault.
 */
export function withoutStatistics(measurement: Measurement): WithoutStatistics | null {
  const { candidateFailure, baselineFailure, baselineKey } = measurement;
  if (candidateFailure !== null) {
    const note = `${candidateFailure.code}: ${candidateFailure.message}`;
    if (baselineKey === null || baselineFailure !== null) return runs('unmeasured', note);
    return runs(NOT_THE_MODEL.includes(candidateFailure.code) ? 'inconclusive' : 'regressed', note);
  }
  if (baselineKey === null) return { state: 'no-baseline', metrics: {} };
  if (baselineFailure === null) return null;
  return runs('no-baseline', `the baseline did not run: ${baselineFailure.code}: ${baselineFailure.message}`);
}

/** The verdict of a cell whose candidate is its baseline, to the byte: nothing is measured, and nothing changed. */
export function sameModel(thresholds: Thresholds): CellVerdict {
  const same = (threshold: number): MetricVerdict => ({
    ...plain('pass', 'the same model', threshold),
    change: 0,
    low: 0,
    high: 0,
  });
  const names = ['latency', 'cost', 'memory', 'coldStart'] as const;
  const metrics: Partial<Record<Metric, MetricVerdict>> = {};
  for (const name of names) {
    const threshold = thresholds[name];
    if (threshold !== null) metrics[name] = same(threshold);
  }
  return { state: 'pass', sandboxes: 0, quads: 0, metrics };
}
