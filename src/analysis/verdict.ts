import type { Measurement } from '../types/measurement.ts';
import { type CellVerdict, type MetricVerdict, STATES, type State, type Thresholds } from '../types/verdict.ts';
import { costChange } from './cost.ts';
import { asRatio, decide, ratioInterval, type Tested } from './decide.ts';
import { type Evidence, firstRequestEvidence, latencyEvidence } from './evidence.ts';
import type { Prices } from './prices.ts';
import { type Estimated, holm, pGreater } from './stats.ts';

/** Error of a whole run: at most one run in a hundred blames an unchanged model. */
export const FAMILY_ALPHA = 0.01;

export interface Gates {
  readonly thresholds: Thresholds;
  /** Largest relative difference of outputs, or null. */
  readonly maxOutputDifference: number | null;
  readonly prices: Prices;
}

/** Holm over a family of one-sided hypotheses, in both directions; a missing estimate is no hypothesis. */
function testFamily(family: readonly (Estimated | null)[]): readonly (Tested | null)[] {
  const present = family.flatMap((estimated, index) => (estimated === null ? [] : [{ estimated, index }]));
  const alpha = FAMILY_ALPHA / Math.max(1, present.length);
  const slower = holm(
    present.map(({ estimated }) => pGreater(estimated)),
    FAMILY_ALPHA,
  );
  const faster = holm(
    present.map(({ estimated }) => pGreater({ ...estimated, mean: -estimated.mean })),
    FAMILY_ALPHA,
  );
  const tested: (Tested | null)[] = family.map(() => null);
  for (const [at, { index }] of present.entries()) {
    tested[index] = { slower: slower[at] ?? false, faster: faster[at] ?? false, alpha };
  }
  return tested;
}

function plain(state: State, note: string | null): MetricVerdict {
  const none = {
    clock: null,
    change: null,
    low: null,
    high: null,
    minimumDetectable: null,
    wallChange: null,
    cpuChange: null,
  };
  return { state, ...none, threshold: null, note };
}

const WAITS_MORE = 'elapsed time grew while the CPU time did not: it waits more';
const WALL_DISAGREES = 'CPU time grew while elapsed time fell: not decided';
const TOO_FEW = 'too few sandboxes gave whole figures';

/** Latency and cost: one hypothesis, two limits. */
function timeMetrics(
  measurement: Measurement,
  evidence: Evidence,
  tested: Tested,
  gates: Gates,
): CellVerdict['metrics'] {
  const { thresholds, prices } = gates;
  const deciding = evidence[evidence.clock];
  const wall = ratioInterval(evidence.wall);
  const disagrees = evidence.clock === 'cpu' && wall.high < 0;
  const baselineMs = measurement.baseline?.latencyMs.mean ?? 0;
  const withClock = (made: ReturnType<typeof decide>): MetricVerdict => {
    const contradicted = made.state === 'regressed' && disagrees;
    const waits =
      evidence.clock === 'cpu' && made.threshold !== null && made.state !== 'regressed' && wall.low > made.threshold;
    return {
      ...made,
      state: contradicted ? 'inconclusive' : made.state,
      clock: evidence.clock,
      wallChange: asRatio(evidence.wall.mean),
      cpuChange: asRatio(evidence.cpu.mean),
      note: contradicted ? WALL_DISAGREES : waits ? WAITS_MORE : null,
    };
  };
  return {
    latency: withClock(decide(deciding, tested, thresholds.latency)),
    cost: withClock(
      decide(deciding, tested, thresholds.cost, (ratio) => costChange(measurement.config, baselineMs, ratio, prices)),
    ),
  };
}

function firstRequestMetric(
  estimated: Estimated | null,
  tested: Tested | null,
  threshold: number | null,
): MetricVerdict | null {
  if (estimated === null || tested === null)
    return threshold === null ? null : { ...plain('inconclusive', TOO_FEW), threshold };
  const none = { clock: null, wallChange: null, cpuChange: null, note: null };
  return { ...decide(estimated, tested, threshold), ...none };
}

function outputMetric(measurement: Measurement, limit: number | null): MetricVerdict | null {
  const changed = measurement.outputChange;
  if (limit === null || changed === null) return null;
  const over = changed.relativeDifference === null || changed.relativeDifference > limit;
  return {
    ...plain(over ? 'regressed' : 'pass', changed.problem),
    change: changed.relativeDifference,
    threshold: limit,
  };
}

/** The worst of several states. */
export function worstState(states: readonly State[]): State | null {
  return STATES.find((state) => states.includes(state)) ?? null;
}

/** Cells that no statistics is needed for: one of the two did not run, or there is nothing to compare with. */
function withoutStatistics(
  measurement: Measurement,
): { readonly state: State; readonly metrics: CellVerdict['metrics'] } | null {
  const { candidateFailure, baselineFailure, baselineKey } = measurement;
  if (candidateFailure !== null) {
    const regressed = baselineKey !== null && baselineFailure === null;
    const note = `${candidateFailure.code}: ${candidateFailure.message}`;
    return regressed
      ? { state: 'regressed', metrics: { runs: plain('regressed', note) } }
      : { state: 'unmeasured', metrics: { runs: plain('unmeasured', note) } };
  }
  if (baselineKey === null) return { state: 'no-baseline', metrics: {} };
  if (baselineFailure === null) return null;
  const note = `the baseline did not run: ${baselineFailure.code}: ${baselineFailure.message}`;
  return { state: 'no-baseline', metrics: { runs: plain('no-baseline', note) } };
}

/**
 * Judges all cells of a run by the declared rule, stage 1 (docs/verdict.md): one hypothesis a cell for latency and
 * cost, Holm over the run; memory and cold start, where gated, a family of their own each.
 * @returns one verdict a measurement, in the same order
 */
export function judge(measurements: readonly Measurement[], gates: Gates): readonly CellVerdict[] {
  const { thresholds } = gates;
  const known = measurements.map(withoutStatistics);
  const comparable = (of: (measurement: Measurement) => Estimated | null) =>
    measurements.map((measurement, index) => (known[index] === null ? of(measurement) : null));
  const evidence = measurements.map((measurement, index) =>
    known[index] === null ? latencyEvidence(measurement) : null,
  );
  const time = testFamily(evidence.map((one) => (one === null ? null : one[one.clock])));
  const memory = comparable((one) => firstRequestEvidence(one, 'memory'));
  const cold = comparable((one) => firstRequestEvidence(one, 'coldStart'));
  const memoryTested = testFamily(memory);
  const coldTested = testFamily(cold);
  return measurements.map((measurement, index): CellVerdict => {
    const counts = {
      sandboxes: measurement.sandboxes.length,
      quads: measurement.sandboxes.reduce((sum, sandbox) => sum + sandbox.quads, 0),
    };
    const without = known[index];
    if (without !== undefined && without !== null) return { ...without, ...counts };
    const own = evidence[index] ?? null;
    const tested = time[index] ?? null;
    const few = { ...plain('inconclusive', TOO_FEW), threshold: thresholds.latency };
    const peak = firstRequestMetric(memory[index] ?? null, memoryTested[index] ?? null, thresholds.memory);
    const start = firstRequestMetric(cold[index] ?? null, coldTested[index] ?? null, thresholds.coldStart);
    const output = outputMetric(measurement, gates.maxOutputDifference);
    const metrics: CellVerdict['metrics'] = {
      ...(own === null || tested === null ? { latency: few } : timeMetrics(measurement, own, tested, gates)),
      ...(peak === null ? {} : { memory: peak }),
      ...(start === null ? {} : { coldStart: start }),
      ...(output === null ? {} : { output }),
    };
    const gated = Object.values(metrics).filter((metric) => metric.threshold !== null);
    return { state: worstState(gated.map((metric) => metric.state)) ?? 'pass', ...counts, metrics };
  });
}
