import type { InvokeCommandOutput, LambdaClientConfig } from '@aws-sdk/client-lambda';
import { AyciError } from '../../errors.ts';
import type { Invocation } from '../../ports.ts';
import type { RuntimeRequest, RuntimeResponse } from '../../types/protocol.ts';
import { classifyFunctionError } from './failure.ts';
import { parseReport } from './report.ts';

/** A throttled request surely did not start, so it alone is sent again. */
const THROTTLE_TRIES = 5;
const THROTTLE_WAIT_MAX_MS = 10_000;

export interface InvokerOptions {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: NonNullable<LambdaClientConfig['credentials']>;
}

export interface InvokeOptions {
  readonly signal: AbortSignal;
  /** Longest wait for an answer; without it the other end's own time limit is trusted. */
  readonly timeoutMs?: number;
}

/** Sends requests to functions. */
export interface Invoker {
  invoke(functionName: string, request: RuntimeRequest, options: InvokeOptions): Promise<Invocation>;
  close(): void;
}

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

function readAnswer(output: InvokeCommandOutput, request: RuntimeRequest): Invocation {
  const tail = Buffer.from(output.LogResult ?? '', 'base64').toString();
  const report = parseReport(tail, output.$metadata.requestId);
  const payload = decode(output.Payload);
  if (output.FunctionError !== undefined) {
    return { ok: false, failure: classifyFunctionError(payload, report), report };
  }
  let response: RuntimeResponse | null;
  try {
    response = JSON.parse(payload) as RuntimeResponse | null;
  } catch {
    const message = `the runtime's answer is not JSON: ${payload.slice(0, 80)}`;
    return { ok: false, failure: { code: 'protocol', message }, report };
  }
  // A retry or a proxy that mixed two answers up must never become a measurement.
  if (response?.nonce !== request.nonce) {
    const message = `the runtime answered another request: nonce ${String(response?.nonce)}, expected ${request.nonce}`;
    return { ok: false, failure: { code: 'protocol', message }, report };
  }
  return { ok: true, response, report };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

function interrupted(cause: unknown): AyciError {
  return new AyciError('interrupted', 'interrupted', { cause });
}

function targetError(name: string, thrown: unknown): AyciError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const hints: Readonly<Record<string, string>> = {
    ResourceNotFoundException: 'Deploy the function, or leave its hardware and memory out of the matrix.',
    AccessDeniedException: 'Allow lambda:InvokeFunction on it to the role in use.',
    ExpiredTokenException: 'Renew the credentials; they last an hour by default.',
    UnrecognizedClientException: 'Check the credentials and the region.',
  };
  const hint = hints[error.name];
  return new AyciError('target', `${name}: the request failed: ${error.name}: ${error.message}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * The one client of the Invoke API, for AWS and for the embedded Lambda alike.
 * The SDK is loaded here and not before: a run that measures nothing does not pay for it.
 */
export async function createInvoker(options: InvokerOptions): Promise<Invoker> {
  // On Node 20 the SDK prints its own end-of-support notice, which a user of the command line can do nothing with.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { LambdaClient, InvokeCommand, TooManyRequestsException, RequestTooLargeException } = await import(
    '@aws-sdk/client-lambda'
  );
  const client = new LambdaClient({
    region: options.region,
    // The SDK's retries run an Invoke twice after a time-out.
    maxAttempts: 1,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });

  async function send(name: string, request: RuntimeRequest, invoke: InvokeOptions): Promise<Invocation> {
    const limit = invoke.timeoutMs === undefined ? null : AbortSignal.timeout(invoke.timeoutMs);
    const abortSignal = limit === null ? invoke.signal : AbortSignal.any([invoke.signal, limit]);
    const command = new InvokeCommand({ FunctionName: name, LogType: 'Tail', Payload: JSON.stringify(request) });
    try {
      return readAnswer(await client.send(command, { abortSignal }), request);
    } catch (error) {
      if (!invoke.signal.aborted && limit?.aborted) {
        const message = `no answer within ${(invoke.timeoutMs ?? 0) / 1000} seconds`;
        return { ok: false, failure: { code: 'timeout', message }, report: null };
      }
      throw error;
    }
  }

  async function invoke(name: string, request: RuntimeRequest, invokeOptions: InvokeOptions): Promise<Invocation> {
    const { signal } = invokeOptions;
    for (let tries = 1; ; tries += 1) {
      if (signal.aborted) throw interrupted(signal.reason);
      try {
        return await send(name, request, invokeOptions);
      } catch (error) {
        if (signal.aborted) throw interrupted(error);
        if (error instanceof RequestTooLargeException) {
          return { ok: false, failure: { code: 'protocol', message: error.message }, report: null };
        }
        if (!(error instanceof TooManyRequestsException)) throw targetError(name, error);
        if (tries === THROTTLE_TRIES) {
          const message = `throttled ${tries} times: ${error.Reason ?? error.message}`;
          return { ok: false, failure: { code: 'throttled', message }, report: null };
        }
        const asked = Number(error.retryAfterSeconds ?? Number.NaN) * 1000;
        await sleep(Math.min(asked >= 0 ? asked : 1000 * 2 ** (tries - 1), THROTTLE_WAIT_MAX_MS), signal);
      }
    }
  }

  return { invoke, close: () => client.destroy() };
}
