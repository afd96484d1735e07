/** A request's place among those in flight. Given back exactly once. */
export interface Slot {
  /** @param throttled whether the platform refused the request for its number */
  release(throttled: boolean): void;
}

interface Waiting {
  grant(): void;
}

/** After a refusal the limit stays this long before it grows again. */
const CALM_MS = 5000;
/** Then it grows once in this time, as long as all of it is in use. */
const GROWTH_MS = 1000;
const GROWTH_SHARE = 0.02;

export interface LimiterOptions {
  /** Most requests in flight, ever; what the account allows. */
  readonly max: number;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/**
 * Holds the requests in flight to what the platform takes. It starts at `max`; where a request is refused, the others
 * in flight at that moment are what it did take, so that is the new limit. Then it grows slowly, back to `max` at most.
 * Those that wait are served in order; one that is sent again goes before them.
 */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #queue: Waiting[] = [];
  #limit: number;
  #active = 0;
  #grownAt: number;

  /** @throws RangeError where `max` is not a whole number of at least 1 */
  constructor(options: LimiterOptions) {
    if (!Number.isInteger(options.max) || options.max < 1) {
      throw new RangeError(`limiter: max, got ${options.max}; expected a whole number of at least 1`);
    }
    this.#options = options;
    this.#limit = options.max;
    this.#grownAt = options.now();
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Resolves when the request may be sent.
   * @param first before all that wait: it has waited before
   * @throws the signal's reason where it is aborted before
   */
  acquire(signal: AbortSignal, first = false): Promise<Slot> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const aborted = (): void => {
        const at = this.#queue.indexOf(waiting);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        grant: () => {
          signal.removeEventListener('abort', aborted);
          resolve(this.#take());
        },
      };
      signal.addEventListener('abort', aborted, { once: true });
      if (first) this.#queue.unshift(waiting);
      else this.#queue.push(waiting);
      this.#grant();
    });
  }

  #take(): Slot {
    this.#active += 1;
    let held = true;
    return {
      release: (throttled) => {
        if (!held) return;
        held = false;
        const full = this.#active >= this.limit;
        this.#active -= 1;
        if (throttled) this.#shrink();
        else if (full) this.#grow();
        this.#grant();
      },
    };
  }

  #shrink(): void {
    this.#limit = Math.max(1, Math.min(this.limit, this.#active));
    this.#grownAt = this.#options.now() + CALM_MS - GROWTH_MS;
  }

  /** An idle limit tells nothing of what the platform would take, so only a full one grows. */
  #grow(): void {
    const now = this.#options.now();
    if (now - this.#grownAt < GROWTH_MS) return;
    this.#limit = Math.min(this.#options.max, this.#limit + Math.max(1, this.#limit * GROWTH_SHARE));
    this.#grownAt = now;
  }

  #grant(): void {
    while (this.#active < this.limit) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      next.grant();
    }
  }
}
