import { randomUUID } from 'node:crypto';
import type { Invocation, InvocationReport } from '../../../src/ports.ts';
import type { RuntimeRequest } from '../../../src/types/protocol.ts';
import type { TestLambda } from './lambda.ts';

/** A request as the handlers of these tests read it. */
export function request(more: object = {}): RuntimeRequest {
  return { protocol: 1, op: 'measure', nonce: randomUUID(), ...more } as RuntimeRequest;
}

export function send(lambda: TestLambda, name: string, more: object = {}, signal?: AbortSignal): Promise<Invocation> {
  return lambda.invoker.invoke(name, async () => request(more), { signal: signal ?? new AbortController().signal });
}

export interface Answered {
  /** The handler's own answer. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly report: InvocationReport;
}

/** Sends, and expects an answer with a report. */
export async function ask(lambda: TestLambda, name: string, more: object = {}): Promise<Answered> {
  const invocation = await send(lambda, name, more);
  if (!invocation.ok) throw new Error(`${invocation.failure.code}: ${invocation.failure.message}`);
  if (invocation.report === null) throw new Error('no REPORT');
  return { body: invocation.response as unknown as Record<string, unknown>, report: invocation.report };
}
