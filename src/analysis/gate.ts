import type { FailOn } from '../types/inputs.ts';
import { STATES, type State } from '../types/verdict.ts';

/** The worst of several states; null of none. */
export function worstState(states: readonly State[]): State | null {
  return STATES.find((state) => states.includes(state)) ?? null;
}

/**
 * The verdict of a run: the worst of its cells. Cells in which neither model could be measured (a memory size too small
 * for both) are results, not verdicts: they count only where there is nothing else.
 */
export function runVerdict(states: readonly State[]): State {
  return worstState(states.filter((state) => state !== 'unmeasured')) ?? 'unmeasured';
}

/**
 * What the cells' states mean for the build: failed where any of them is one that fails, `none` where there was nothing
 * to gate. A state that the verdict leaves behind a worse one counts all the same.
 */
export function gateOf(states: readonly State[], failOn: readonly FailOn[]): 'passed' | 'failed' | 'none' {
  const verdict = runVerdict(states);
  const counted = states.filter((state) => state !== 'unmeasured' || verdict === 'unmeasured');
  if ([verdict, ...counted].some((state) => (failOn as readonly State[]).includes(state))) return 'failed';
  return failOn.length === 0 || verdict === 'no-baseline' || verdict === 'unmeasured' ? 'none' : 'passed';
}
