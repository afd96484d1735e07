import type { Latency } from '../types/measurement.ts';
import type { SubjectResponse } from '../types/protocol.ts';
import { isNumbers, percentile } from './stats.ts';

/** Fewest samples from which a percentile is shown. */
const FEWEST = { p90: 50, p99: 200 } as const;

/**
 * Latency of one inference (a batch), in ms: percentiles over the samples of all stretches, the mean over whole
 * stretches, since under a CPU quota single samples hide the time in which nothing ran.
 */
export function latencyOf(stretches: readonly SubjectResponse['stretch'][]): Latency | null {
  const used = stretches.filter((stretch) => stretch.samplesMs.length > 0);
  const sorted = used.flatMap((stretch) => stretch.samplesMs).sort((a, b) => a - b);
  if (!isNumbers(sorted)) return null;
  const wall = used.reduce((sum, stretch) => sum + stretch.wallMs, 0);
  const from = (fewest: number, share: number): number | null =>
    sorted.length < fewest ? null : percentile(sorted, share);
  return {
    p50: percentile(sorted, 0.5),
    p90: from(FEWEST.p90, 0.9),
    p99: from(FEWEST.p99, 0.99),
    mean: wall / sorted.length,
    samples: sorted.length,
  };
}
