/** Counts what a run asks of its target, and stops it where its budget ends. */
export class Budget {
  calls = 0;
  spentUsd = 0;
  readonly #limits: BudgetLimits;
  readonly #ends: number;
  readonly #now: () => number;
  #running = 0;
  #dearestUsd = 0;

  constructor(limits: BudgetLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#ends = now() + limits.maxMinutes * 60_000;
  }

  /** Why no further call may start, or null. Calls that run now are taken to cost as much as the dearest one so far. */
  exhausted(): string | null {
    const { maxCalls, maxSpendUsd } = this.#limits;
    if (this.calls >= maxCalls) return `the budget of max-calls ${maxCalls} is used up`;
    if (this.#now() >= this.#ends) return 'the time of max-minutes is used up';
    const committed = this.spentUsd + this.#running * this.#dearestUsd;
    return committed >= maxSpendUsd ? `the budget of max-spend-usd ${maxSpendUsd} is used up` : null;
  }

  /** A call starts; the returned function ends it, with what it cost. */
  start(): (usd: number) => void {
    this.calls += 1;
    this.#running += 1;
    return (usd) => {
      this.#running -= 1;
      this.spentUsd += usd;
      this.#dearestUsd = Math.max(this.#dearestUsd, usd);
    };
  }
}

export interface BudgetLimits {
  readonly maxCalls: number;
  readonly maxMinutes: number;
  readonly maxSpendUsd: number;
}
