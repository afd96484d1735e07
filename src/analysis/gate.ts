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

/** The verdict of a run of several models: the worst of theirs. */
export function worstVerdict(verdicts: readonly State[]): State {
  return worstState(verdicts) ?? 'unmeasured';
}

/** The gate of several models: failed where one's is, passed where one's is and none failed. */
export function joinedGate(gates: readonly ('passed' | 'failed' | 'none')[]): 'passed' | 'failed' | 'none' {
  return gates.includes('failed') ? 'failed' : gates.includes('passed') ? 'passed' : 'none';
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
