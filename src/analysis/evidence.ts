import type { Measurement, SandboxSummary } from '../types/measurement.ts';
import { type Estimated, isNumbers, mean, ofGroups, ofPairs } from './stats.ts';

export type ClockName = 'wall' | 'cpu';

/** CPU time above this share of the wall's means that helper or spinning threads worked. */
const ONE_THREAD = 1.02;

/** Fewest sandboxes (of each subject) from which anything is decided. */
const FEWEST = 3;

/** What a cell's sandboxes say of the latency: ln(candidate / baseline) by each clock, and which one decides. */
export interface Evidence {
  readonly clock: ClockName;
  readonly wall: Estimated;
  readonly cpu: Estimated;
}

/** The clock is fixed by what was asked for and by how the process ran, never by what the clocks say of the change. */
function decidingClock(measurement: Measurement, timed: readonly SandboxSummary[]): ClockName {
  const shares = timed.map((sandbox) => sandbox.cpuPerWall);
  const oneThread = isNumbers(shares) && mean(shares) <= ONE_THREAD;
  return measurement.threads === 1 && oneThread ? 'cpu' : 'wall';
}

function logs(
  sandboxes: readonly SandboxSummary[],
  role: 'candidate' | 'baseline',
  clock: ClockName,
): readonly number[] {
  return sandboxes.flatMap((sandbox) => {
    const ms = sandbox[role]?.[clock === 'wall' ? 'wallMs' : 'cpuMs'];
    return ms === undefined || ms === null || ms <= 0 ? [] : [Math.log(ms)];
  });
}

function estimate(measurement: Measurement, clock: ClockName): Estimated | null {
  if (measurement.mode === 'paired') {
    const values = measurement.sandboxes.flatMap((sandbox) => sandbox.pair?.[clock] ?? []);
    return values.length < FEWEST ? null : ofPairs(values);
  }
  const candidate = logs(measurement.sandboxes, 'candidate', clock);
  const baseline = logs(measurement.sandboxes, 'baseline', clock);
  return Math.min(candidate.length, baseline.length) < FEWEST ? null : ofGroups(candidate, baseline);
}

/** Null where too few sandboxes gave whole quads. */
export function latencyEvidence(measurement: Measurement): Evidence | null {
  const wall = estimate(measurement, 'wall');
  const cpu = estimate(measurement, 'cpu');
  if (wall === null || cpu === null) return null;
  const timed = measurement.sandboxes.filter((sandbox) => sandbox.cpuPerWall > 0);
  return { clock: decidingClock(measurement, timed), wall, cpu };
}

/** Counters' and clocks' resolution, in MB and ms: no spread and no difference below it is believed. */
const RESOLUTION = { memory: 1, coldStart: 1 } as const;

/**
 * ln(candidate / baseline) of peak memory or cold start, unpaired, from sandboxes in which the subject came first. Null
 * where either has too few. A difference below the resolution is 0.
 */
export function firstRequestEvidence(measurement: Measurement, metric: 'memory' | 'coldStart'): Estimated | null {
  const field = metric === 'memory' ? 'peakMb' : 'coldMs';
  const own = (role: 'candidate' | 'baseline'): readonly number[] =>
    measurement.sandboxes.flatMap((sandbox) => sandbox[role]?.[field] ?? []).filter((value) => value > 0);
  const candidate = own('candidate');
  const baseline = own('baseline');
  if (Math.min(candidate.length, baseline.length) < FEWEST || !isNumbers(candidate) || !isNumbers(baseline))
    return null;
  const smallest = RESOLUTION[metric] / Math.min(mean(candidate), mean(baseline));
  const estimated = ofGroups(candidate.map(Math.log), baseline.map(Math.log), smallest);
  if (estimated === null) return null;
  const difference = Math.abs(mean(candidate) - mean(baseline));
  return difference < RESOLUTION[metric] ? { ...estimated, mean: 0 } : estimated;
}
