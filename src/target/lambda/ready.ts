import { AyciError } from '../../errors.ts';
import type { Logger } from '../../ports.ts';
import type { Control } from './control.ts';
import { brokenState, type DeployedFunction, isReady, readFunction } from './deployed.ts';
import { interrupted, sleep } from './wait.ts';

/** Between two looks at a function, ms. */
const LOOK_MS = 2000;
/** An image that Lambda has put aside takes minutes to come back. */
const LIMIT_MS = 5 * 60_000;

export interface Waking {
  readonly control: Control;
  /** Sends a request that the function need not answer: it only wakes it. */
  readonly knock: (name: string, signal: AbortSignal) => Promise<unknown>;
  readonly logger: Logger;
  /** Between two looks, ms. */
  readonly lookMs?: number;
  readonly limitMs?: number;
}

/**
 * Waits until a function takes requests: it wakes an inactive one, and lets updates end.
 * @returns the function as it is then, or why it will not
 * @throws AyciError `target` where it takes longer than minutes; `interrupted`
 */
export async function makeReady(name: string, waking: Waking, signal: AbortSignal): Promise<DeployedFunction | string> {
  const { control, logger, lookMs = LOOK_MS, limitMs = LIMIT_MS } = waking;
  const end = performance.now() + limitMs;
  let knocked = false;
  for (;;) {
    const answer = await control.get(name, signal);
    const one = answer === null ? null : readFunction(answer);
    if (one === null) return 'is gone';
    const broken = brokenState(one);
    if (broken !== null) return broken;
    if (isReady(one)) return one;
    if (performance.now() >= end) {
      const state = one.state === 'Active' ? `its update is ${one.update}` : `it is ${one.state}`;
      throw new AyciError('target', `${name}: not ready after ${limitMs / 1000} s: ${state}`, {
        hint: 'See its state in the Lambda console, then run again.',
      });
    }
    if (one.state === 'Inactive' && !knocked) {
      knocked = true;
      logger.progress(`Waking ${name}`);
      // Its failure is what is expected: the first request to an inactive function only wakes it.
      await waking.knock(name, signal).catch((error: unknown) => {
        if (error instanceof AyciError && error.code === 'interrupted') throw error;
      });
    } else
      logger.progress(`Waiting for ${name}: ${one.state === 'Active' ? 'being updated' : one.state.toLowerCase()}`);
    await sleep(lookMs, signal);
    if (signal.aborted) throw interrupted(signal.reason);
  }
}
