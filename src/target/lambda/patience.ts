import type { Failure } from '../../types/measurement.ts';
import type { ServiceError } from './errors.ts';
import { type Cause, type Decision, exhausted } from './retry.ts';
import { backoffMs } from './wait.ts';

/** How long one request is sent again for a cause, ms; 0: once, at once. */
export const PATIENCE_MS: Readonly<Record<Cause, number>> = {
  throttled: 60_000,
  unavailable: 60_000,
  unreachable: 60_000,
  'not-ready': 180_000,
  clock: 0,
  credentials: 0,
};

export interface PatienceOptions {
  readonly patienceMs: Readonly<Record<Cause, number>>;
  /** Monotonic, ms. */
  readonly now: () => number;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
}

/** What comes of a resend: after this wait, or not any more. */
export type Next =
  | { readonly waitMs: number }
  | { readonly failure: Failure }
  /** The run cannot go on. */
  | 'fatal';

/** How long one request is still sent again, by what has kept it from starting. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #since = new Map<Cause, number>();
  #tries = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  next({ cause, askedMs }: Decision & { readonly kind: 'resend' }, error: ServiceError): Next {
    const { patienceMs, now, random } = this.#options;
    this.#tries += 1;
    const known = this.#since.get(cause);
    const since = known ?? now();
    this.#since.set(cause, since);
    const limit = patienceMs[cause];
    if (limit === 0 && known === undefined) return { waitMs: 0 };
    const waitMs = backoffMs(this.#tries, askedMs, random);
    if (limit > 0 && now() + waitMs - since <= limit) return { waitMs };
    const failure = exhausted(cause, this.#tries, error);
    return failure === null ? 'fatal' : { failure };
  }
}
