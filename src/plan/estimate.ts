import { type Configuration, MB_PER_VCPU } from '../types/config.ts';
import type { Estimate, PlannedCell } from '../types/plan.ts';

/** Seconds of CPU that a fresh sandbox takes before it times anything: start, imports, load, warm-up. */
const START_SECONDS = 0.6;

/** How a target works through cells. */
export interface Pace {
  /** Sandboxes a cell. */
  readonly sandboxes: number;
  /** What one sandbox times (stretches and quads). */
  readonly timedSeconds: number;
  /** Sandboxes that run at once. */
  readonly concurrency: number;
  /** USD of one call of so many ms; 0 where nobody bills. */
  readonly usdOf: (config: Configuration, billedMs: number) => number;
}

/** What is still to be done, before it is done. */
export function estimate(cells: readonly PlannedCell[], conversions: number, pace: Pace): Estimate {
  const { sandboxes, timedSeconds, concurrency, usdOf } = pace;
  const left = cells.filter((cell) => cell.impossible === null && cell.known === null);
  const each = left.map(({ config }) => timedSeconds + START_SECONDS / Math.min(1, config.memoryMb / MB_PER_VCPU));
  const total = each.reduce((sum, seconds) => sum + sandboxes * seconds, 0);
  const seconds = Math.max(total / concurrency, ...each);
  const usd = left.reduce((sum, { config }, at) => sum + sandboxes * usdOf(config, (each[at] ?? 0) * 1000), 0);
  return {
    cells: cells.length,
    reused: cells.filter((cell) => cell.known !== null).length,
    impossible: cells.filter((cell) => cell.impossible !== null).length,
    calls: left.length * sandboxes + (left.length > 0 ? conversions : 0),
    seconds: left.length === 0 ? 0 : Math.round(seconds),
    usd: Number(usd.toPrecision(2)),
  };
}
