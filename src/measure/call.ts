import { randomUUID } from 'node:crypto';
import { AyciError } from '../errors.ts';
import type { Invocation, InvocationReport, Target, Where } from '../ports.ts';
import type { Failure } from '../types/measurement.ts';
import type {
  ConvertRequest,
  ConvertResponse,
  ExcludedResponse,
  MeasureRequest,
  MeasureResponse,
  RuntimeResponse,
} from '../types/protocol.ts';
import type { Budget } from './budget.ts';
import { type Locate, located } from './locate.ts';
import { asConvertResponse, asExcludedResponse, asMeasureResponse } from './validate.ts';

export type Answer<T> =
  | { readonly ok: true; readonly response: T; readonly report: InvocationReport | null }
  | { readonly ok: false; readonly failure: Failure };

/** Everything that a call needs besides its request. */
export interface Caller {
  readonly target: Target;
  readonly budget: Budget;
  readonly signal: AbortSignal;
  readonly locate: Locate;
  /** USD of an invocation; 0 where nobody bills. */
  readonly usdOf: (where: Where, billedMs: number) => number;
  /** Sandboxes that have answered, by function; a fresh one is none of them. */
  readonly seen: Map<string, Set<string>>;
}

export function functionOf(where: Where): string {
  return `${where.framework} ${where.hardware} ${where.memoryMb}`;
}

const MISFIT: Failure = { code: 'protocol', message: 'the runtime gave an answer that does not fit the protocol' };

/**
 * One call, paid from the budget. Where the platform's report is missing, the time from the last sending to the answer
 * stands for what was billed.
 */
export async function paid(
  caller: Caller,
  where: Where,
  send: (sent: () => void) => Promise<Invocation>,
): Promise<Invocation> {
  if (caller.signal.aborted) throw new AyciError('interrupted', 'interrupted');
  const end = caller.budget.start();
  let sentAt: number | null = null;
  let usd = 0;
  try {
    const invocation = await send(() => {
      sentAt = performance.now();
    });
    const elapsed = sentAt === null ? 0 : performance.now() - sentAt;
    usd = caller.usdOf(where, invocation.report?.billedMs ?? elapsed);
    return invocation;
  } finally {
    end(usd);
  }
}

async function call<T>(
  caller: Caller,
  where: Where,
  make: () => Omit<MeasureRequest, 'nonce'> | Omit<ConvertRequest, 'nonce'>,
  check: (response: RuntimeResponse) => T | null,
): Promise<Answer<T>> {
  let nonce = '';
  const invocation = await paid(caller, where, (sent) =>
    caller.target.invoke(
      where,
      async () => {
        nonce = randomUUID();
        const request = await located({ ...make(), nonce } as MeasureRequest | ConvertRequest, caller.locate);
        sent();
        return request;
      },
      caller.signal,
    ),
  );
  if (!invocation.ok) return { ok: false, failure: invocation.failure };
  const response = invocation.response.nonce === nonce ? check(invocation.response) : null;
  return response === null ? { ok: false, failure: MISFIT } : { ok: true, response, report: invocation.report };
}

/** @param make gives the request when it is sent: it knows by then which sandboxes to leave out */
export async function callMeasure(
  caller: Caller,
  where: Where,
  make: () => Omit<MeasureRequest, 'nonce'>,
): Promise<Answer<MeasureResponse | ExcludedResponse>> {
  const answer = await call<MeasureResponse | ExcludedResponse>(
    caller,
    where,
    make,
    (response) => asMeasureResponse(response) ?? asExcludedResponse(response),
  );
  if (answer.ok) {
    const name = functionOf(where);
    const ids = caller.seen.get(name) ?? new Set<string>();
    caller.seen.set(name, ids.add(answer.response.sandbox.id));
  }
  return answer;
}

export function callConvert(
  caller: Caller,
  where: Where,
  request: Omit<ConvertRequest, 'nonce'>,
): Promise<Answer<ConvertResponse>> {
  return call(caller, where, () => request, asConvertResponse);
}
