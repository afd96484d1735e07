export const STATES = ['regressed', 'unmeasured', 'inconclusive', 'no-baseline', 'improved', 'pass'] as const;
/** In `STATES` from worst to best. */
export type State = (typeof STATES)[number];

/** `p99` and `price` are held against limits of their own (service levels), the others against the baseline. */
export const METRICS = ['latency', 'cost', 'memory', 'coldStart', 'runs', 'output', 'p99', 'price'] as const;
export type Metric = (typeof METRICS)[number];

/** A waiver that is in force: the regression is known and accepted. */
export interface Acceptance {
  /** Day on which it ends, `2026-12-24`. */
  readonly until: string;
  readonly reason: string;
  /** Largest change that it accepts, a ratio; null for `runs`, which has no size. */
  readonly upTo: number | null;
}

/** Changes are ratios: 0.05 = 5 % more. */
export interface MetricVerdict {
  readonly state: State;
  readonly clock: 'wall' | 'cpu' | null;
  readonly change: number | null;
  /** Bounds of the two-sided 95 % interval. */
  readonly low: number | null;
  readonly high: number | null;
  readonly minimumDetectable: number | null;
  /** The gate's limit; null where the metric is shown, not gated. */
  readonly threshold: number | null;
  readonly wallChange: number | null;
  readonly cpuChange: number | null;
  /** Said to the reader of the details, where there is something to say. */
  readonly note: string | null;
  /** Where a waiver accepts it: the state stays, and the cell's leaves it out. */
  readonly accepted?: Acceptance;
}

export interface CellVerdict {
  readonly state: State;
  readonly sandboxes: number;
  readonly quads: number;
  readonly metrics: Readonly<Partial<Record<Metric, MetricVerdict>>>;
}

/** Limits per metric as ratios; null: not gated. */
export interface Thresholds {
  readonly latency: number | null;
  readonly cost: number | null;
  readonly memory: number | null;
  readonly coldStart: number | null;
}
