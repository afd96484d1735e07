import { randomUUID } from 'node:crypto';
import { AyciError } from '../errors.ts';
import type { InvocationReport, Target } from '../ports.ts';
import type { Configuration, Framework } from '../types/config.ts';
import type { Failure } from '../types/measurement.ts';
import type { ConvertRequest, ConvertResponse, MeasureRequest, MeasureResponse } from '../types/protocol.ts';
import { asConvertResponse, asMeasureResponse } from './validate.ts';

export type Answer<T> =
  | { readonly ok: true; readonly response: T; readonly report: InvocationReport | null }
  | { readonly ok: false; readonly failure: Failure };

/** Counts what a run asks of its target, and stops it where its budget ends. */
export class Budget {
  calls = 0;
  readonly #maxCalls: number;
  readonly #ends: number;
  readonly #now: () => number;

  constructor(maxCalls: number, maxMinutes: number, now: () => number) {
    this.#maxCalls = maxCalls;
    this.#now = now;
    this.#ends = now() + maxMinutes * 60_000;
  }

  /** Why no further call may start, or null. */
  exhausted(): string | null {
    if (this.calls >= this.#maxCalls) return `the budget of max-calls ${this.#maxCalls} is used up`;
    return this.#now() >= this.#ends ? 'the time of max-minutes is used up' : null;
  }
}

/** Everything that a call needs besides its request. */
export interface Caller {
  readonly target: Target;
  readonly budget: Budget;
  readonly signal: AbortSignal;
}

type Where = Pick<Configuration, 'hardware' | 'memoryMb'> & { readonly framework: Framework };

async function call<T>(
  caller: Caller,
  where: Where,
  request: MeasureRequest | ConvertRequest,
  check: (response: MeasureResponse | ConvertResponse) => T | null,
): Promise<Answer<T>> {
  if (caller.signal.aborted) throw new AyciError('interrupted', 'interrupted');
  caller.budget.calls += 1;
  const invocation = await caller.target.invoke(where, request, caller.signal);
  if (!invocation.ok) return { ok: false, failure: invocation.failure };
  const response = check(invocation.response);
  if (response === null || invocation.response.nonce !== request.nonce) {
    return {
      ok: false,
      failure: { code: 'protocol', message: 'the runtime gave an answer that does not fit the protocol' },
    };
  }
  return { ok: true, response, report: invocation.report };
}

export function callMeasure(
  caller: Caller,
  where: Where,
  request: Omit<MeasureRequest, 'nonce'>,
): Promise<Answer<MeasureResponse>> {
  return call(caller, where, { ...request, nonce: randomUUID() }, asMeasureResponse);
}

export function callConvert(
  caller: Caller,
  where: Where,
  request: Omit<ConvertRequest, 'nonce'>,
): Promise<Answer<ConvertResponse>> {
  return call(caller, where, { ...request, nonce: randomUUID() }, asConvertResponse);
}
