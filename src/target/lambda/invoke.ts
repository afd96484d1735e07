import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Invocation } from '../../ports.ts';
import type { Failure } from '../../types/measurement.ts';
import type { ConvertRequest, RuntimeRequest } from '../../types/protocol.ts';
import { readAnswer } from './answer.ts';
import { asServiceError, type ServiceError, targetError } from './errors.ts';
import type { Limiter } from './limiter.ts';
import { PATIENCE_MS, Patience } from './patience.ts';
import { type Cause, type Decision, decide } from './retry.ts';
import { type ClientOptions, loadSdk, makeClient } from './sdk.ts';
import { interrupted, sleep } from './wait.ts';

/** Lambda's limits of a payload, bytes: of a request that is answered, and of an event. */
const MAX_REQUEST_BYTES = 6_291_556;
const MAX_EVENT_BYTES = 1_048_576;

const ACTION = 'lambda:InvokeFunction';
/** More than what is in flight: conversions are sent beside it. */
const SPARE_SOCKETS = 10;
const DEFAULT_SOCKETS = 50;

export interface InvokerOptions extends ClientOptions {
  /** Holds what is in flight; without it the caller does. */
  readonly limiter?: Limiter;
  /** Longest wait for an answer, ms; without it the other end's own time limit is trusted. */
  readonly timeoutMs?: number;
  /** Longest time in which a request is sent again, ms, by cause. */
  readonly patienceMs?: Partial<Record<Cause, number>>;
  /** 0 to 1, for the jitter of resends. */
  readonly random?: () => number;
}

export interface InvokeOptions {
  readonly signal: AbortSignal;
}

/** Sends requests to functions. */
export interface Invoker {
  /** @param make gives the request, anew for each time that it is sent */
  invoke(functionName: string, make: () => Promise<RuntimeRequest>, options: InvokeOptions): Promise<Invocation>;
  /** Sends an event; nothing of how it ends comes back. A failure that is known at once, else null. */
  submit(functionName: string, make: () => Promise<ConvertRequest>, options: InvokeOptions): Promise<Failure | null>;
  close(): void;
}

/** How a request is made and sent. */
interface Way<R, T> {
  make(): Promise<R>;
  send(request: R, abortSignal: AbortSignal): Promise<T>;
}

/** One sending: what came back, or what was thrown. */
type Attempt<T> = { readonly done: T } | { readonly thrown: ServiceError };

/** No answer within the limit; it may have run. */
class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

function tooLarge(payload: string, limit: number): Failure | null {
  const size = Buffer.byteLength(payload);
  return size <= limit ? null : { code: 'protocol', message: `the request has ${size} bytes; Lambda takes ${limit}` };
}

function failed(failure: Failure): Invocation {
  return { ok: false, failure, report: null };
}

function decided(thrown: ServiceError): Decision {
  if (!(thrown instanceof Unanswered)) return decide(thrown);
  return { kind: 'failure', failure: { code: 'connection-lost', message: thrown.message } };
}

/** The one client of the Invoke API, for AWS and for the embedded Lambda alike. */
export async function createInvoker(options: InvokerOptions): Promise<Invoker> {
  const sdk = await loadSdk();
  const { limiter, timeoutMs, random = Math.random } = options;
  const patienceMs = { ...PATIENCE_MS, ...options.patienceMs };
  const sockets = Math.max(DEFAULT_SOCKETS, (limiter?.limit ?? 0) + SPARE_SOCKETS);
  // The SDK's own retries would run a function twice after a time-out.
  const client: LambdaClient = makeClient(sdk, options, 1, sockets);

  /** Runs one sending within the time limit. */
  async function attempt<T>(signal: AbortSignal, send: (abortSignal: AbortSignal) => Promise<T>): Promise<Attempt<T>> {
    // AbortSignal.any keeps what it made as long as its sources live: here, for the whole run.
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    let late = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            abort();
          }, timeoutMs);
    signal.addEventListener('abort', abort);
    try {
      return { done: await send(controller.signal) };
    } catch (error) {
      if (signal.aborted) throw interrupted(error);
      if (late) return { thrown: new Unanswered(`no answer within ${(timeoutMs ?? 0) / 1000} seconds`) };
      return { thrown: asServiceError(error) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Waits for its turn, and sends once. */
  async function sendOnce<R, T>(way: Way<R, T>, signal: AbortSignal, again: boolean): Promise<Attempt<T>> {
    if (signal.aborted) throw interrupted(signal.reason);
    const slot = await limiter?.acquire(signal, again).catch((error: unknown) => {
      throw interrupted(error);
    });
    let throttled = false;
    try {
      const request = await way.make();
      const result = await attempt(signal, (abortSignal) => way.send(request, abortSignal));
      const decision = 'thrown' in result ? decided(result.thrown) : null;
      throttled = decision?.kind === 'resend' && decision.cause === 'throttled';
      return result;
    } finally {
      slot?.release(throttled);
    }
  }

  /** Sends until there is an answer, a failure, or no patience left. */
  async function persist<R, T>(
    name: string,
    signal: AbortSignal,
    way: Way<R, T>,
  ): Promise<{ readonly done: T } | { readonly failure: Failure }> {
    const patience = new Patience({ patienceMs, now: () => performance.now(), random });
    for (let again = false; ; again = true) {
      const result = await sendOnce(way, signal, again);
      if ('done' in result) return result;
      const decision = decided(result.thrown);
      if (decision.kind === 'failure') return decision;
      const next = decision.kind === 'fatal' ? 'fatal' : patience.next(decision, result.thrown);
      if (next === 'fatal') throw targetError(name, ACTION, result.thrown);
      if ('failure' in next) return next;
      if (decision.kind === 'resend' && decision.cause === 'credentials') await renew(name);
      await sleep(next.waitMs, signal);
    }
  }

  /** The SDK keeps credentials until shortly before they end by their own date; the service has just said otherwise. */
  async function renew(name: string): Promise<void> {
    try {
      await client.config.credentials({ forceRefresh: true });
    } catch (error) {
      throw targetError(name, ACTION, error);
    }
  }

  return {
    async invoke(name, make, { signal }) {
      const result = await persist<RuntimeRequest, Invocation>(name, signal, {
        make,
        async send(request, abortSignal) {
          const Payload = JSON.stringify(request);
          const large = tooLarge(Payload, MAX_REQUEST_BYTES);
          if (large !== null) return failed(large);
          const command = new sdk.InvokeCommand({ FunctionName: name, LogType: 'Tail', Payload });
          return readAnswer(await client.send(command, { abortSignal }), request.nonce);
        },
      });
      return 'done' in result ? result.done : failed(result.failure);
    },
    async submit(name, make, { signal }) {
      const result = await persist<ConvertRequest, Failure | null>(name, signal, {
        make,
        async send(request, abortSignal) {
          const Payload = JSON.stringify(request);
          const large = tooLarge(Payload, MAX_EVENT_BYTES);
          if (large !== null) return large;
          const command = new sdk.InvokeCommand({ FunctionName: name, InvocationType: 'Event', Payload });
          const { StatusCode } = await client.send(command, { abortSignal });
          return StatusCode === 202
            ? null
            : { code: 'protocol', message: `an event was answered ${StatusCode}, expected 202` };
        },
      });
      return 'done' in result ? result.done : result.failure;
    },
    close: () => client.destroy(),
  };
}
