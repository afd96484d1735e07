import { MB_PER_VCPU } from '../types/config.ts';
import type { Estimate, PlannedCell } from '../types/plan.ts';

/** Seconds of CPU that a fresh sandbox takes before it times anything: start, imports, load, warm-up. */
const START_SECONDS = 0.6;

/**
 * What is still to be done, before it is done.
 * @param timedSeconds what one sandbox times (stretches and quads)
 */
export function estimate(
  cells: readonly PlannedCell[],
  sandboxes: number,
  timedSeconds: number,
  conversions: number,
): Estimate {
  const left = cells.filter((cell) => cell.impossible === null && cell.known === null);
  const seconds = left.reduce((sum, cell) => {
    const share = Math.min(1, cell.config.memoryMb / MB_PER_VCPU);
    return sum + sandboxes * (timedSeconds + START_SECONDS / share);
  }, 0);
  return {
    cells: cells.length,
    reused: cells.filter((cell) => cell.known !== null).length,
    impossible: cells.filter((cell) => cell.impossible !== null).length,
    calls: left.length * sandboxes + (left.length > 0 ? conversions : 0),
    seconds: Math.round(seconds),
    usd: 0,
  };
}
