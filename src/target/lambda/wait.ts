import { AyciError } from '../../errors.ts';

export function interrupted(cause: unknown): AyciError {
  return new AyciError('interrupted', 'interrupted', { cause });
}

/** Waits; ends at once where the signal is aborted, without an error. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 10_000;

/**
 * How long to wait before the `tries`-th resend, ms: what the service asked for, else an exponential time with full
 * jitter, so that requests that were refused together do not come back together.
 */
export function backoffMs(tries: number, askedMs: number | null, random: () => number): number {
  return askedMs ?? random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (tries - 1));
}
