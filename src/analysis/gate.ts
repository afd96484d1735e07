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

/** What the verdict means for the build: `none` where there was nothing to gate. */
export function gateOf(verdict: State, failOn: readonly FailOn[]): 'passed' | 'failed' | 'none' {
  if ((failOn as readonly State[]).includes(verdict)) return 'failed';
  return failOn.length === 0 || verdict === 'no-baseline' || verdict === 'unmeasured' ? 'none' : 'passed';
}
