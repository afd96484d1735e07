import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import type { Invocation, Where } from '../../src/ports.ts';
import { createInvoker } from '../../src/target/lambda/invoke.ts';
import type { Cause } from '../../src/target/lambda/retry.ts';
import type { FailureCode } from '../../src/types/measurement.ts';
import { stackOf } from '../support/control-plane.ts';
import { FaultLambda, type FaultLambdaOptions } from '../support/fault-lambda.ts';
import { FAULTS, type Fault } from '../support/lambda-faults.ts';
import { measureRequest, targetOf } from '../support/lambda-target.ts';
import { uniform } from '../support/random.ts';

const WHERE: Where = { framework: 'onnx', hardware: 'arm64', memoryMb: 1769 };
const FUNCTIONS = stackOf(['arm64'], [1769]);
/** Long enough for a true answer on a busy machine, short enough to wait for one that does not come. */
const TIMEOUT_MS = 4000;

/** What becomes of a request whose last sending met this fault; `resent`: another one follows. */
const OUTCOMES: Readonly<Record<Fault, 'resent' | 'answered' | FailureCode>> = {
  throttle: 'resent',
  'throttle-retry-after': 'resent',
  'service-500': 'resent',
  'unavailable-503': 'resent',
  conflict: 'resent',
  'expired-token': 'resent',
  'reset-before-read': 'connection-lost',
  'proxy-502': 'connection-lost',
  'reset-after-run': 'connection-lost',
  cut: 'connection-lost',
  silence: 'connection-lost',
  'not-json': 'protocol',
  'other-nonce': 'protocol',
  'out-of-memory': 'out-of-memory',
  timeout: 'timeout',
  exit: 'crashed',
  handled: 'inference-failed',
  'no-report': 'answered',
  'json-report': 'answered',
};

/** How one request ended, with what was sent for it. */
interface Ended {
  readonly nonces: readonly string[];
  readonly invocation: Invocation | null;
  readonly error: unknown;
}

interface Seen {
  readonly ended: readonly Ended[];
  readonly lambda: FaultLambda;
}

/** Sends so many requests at once to a Lambda with faults. */
async function send(requests: number, options: Omit<FaultLambdaOptions, 'functions'>): Promise<Seen> {
  await using lambda = await FaultLambda.start({ functions: FUNCTIONS, ...options });
  const target = await targetOf(lambda.endpoint, { timeoutMs: TIMEOUT_MS });
  const { signal } = new AbortController();
  const one = async (): Promise<Ended> => {
    const nonces: string[] = [];
    const make = async () => {
      const request = measureRequest();
      nonces.push(request.nonce);
      return request;
    };
    try {
      return { nonces, invocation: await target.invoke(WHERE, make, signal), error: null };
    } catch (error) {
      return { nonces, invocation: null, error };
    }
  };
  const ended = await Promise.all(Array.from({ length: requests }, one));
  await target.close();
  return { ended, lambda };
}

function outcomeOf({ invocation }: Ended): string {
  if (invocation === null) return 'error';
  return invocation.ok ? 'answered' : invocation.failure.code;
}

test.each(FAULTS)('one %s', async (fault) => {
  const { ended, lambda } = await send(1, { fault: (index) => (index === 0 ? fault : null) });
  const [one] = ended;
  const outcome = OUTCOMES[fault];
  expect(one?.error).toBeNull();
  expect(outcomeOf(one as Ended)).toBe(outcome === 'resent' ? 'answered' : outcome);
  expect(lambda.calls).toHaveLength(outcome === 'resent' ? 2 : 1);
  expect(lambda.calls.filter((call) => call.ran).length).toBeLessThanOrEqual(1);
});

test('a report that is missing or in JSON is no loss of the measurement', async () => {
  const reports = await Promise.all(
    (['no-report', 'json-report'] as const).map(async (fault) => (await send(1, { fault: () => fault })).ended[0]),
  );
  expect(reports.map((one) => one?.invocation?.report?.billedMs ?? null)).toEqual([null, 901]);
});

async function invokerOf(endpoint: string, patienceMs: Partial<Record<Cause, number>>) {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  return createInvoker({ region: 'eu-central-1', endpoint, credentials, patienceMs, random: () => 0.02 });
}

test('a connection that is refused is made again until the service is there', async () => {
  const first = await FaultLambda.start({ functions: FUNCTIONS });
  const { endpoint } = first;
  await first[Symbol.asyncDispose]();
  const invoker = await invokerOf(endpoint, {});
  const makes = new EventEmitter();
  let made = 0;
  const make = async () => {
    made += 1;
    makes.emit('made');
    return measureRequest();
  };
  const { signal } = new AbortController();
  const answer = invoker.invoke('ayci-onnx-arm64-1769', make, { signal });
  while (made < 3) await once(makes, 'made');
  await using lambda = await FaultLambda.start({ functions: FUNCTIONS, port: Number(new URL(endpoint).port) });
  expect(await answer).toMatchObject({ ok: true });
  expect(lambda.calls).toHaveLength(1);
  invoker.close();
});

test('a handshake that breaks off before anything was sent is tried again, then ends the run', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const invoker = await invokerOf(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { unreachable: 200 });
  const { signal } = new AbortController();
  const answer = invoker.invoke('ayci-onnx-arm64-1769', async () => measureRequest(), { signal });
  await expect(answer).rejects.toMatchObject({
    code: 'target',
    message: expect.stringMatching(/^ayci-onnx-arm64-1769: /),
  });
  expect(connections).toBeGreaterThan(2);
  invoker.close();
  await new Promise((resolve) => server.close(resolve));
});

test('what is always refused is given up as throttled when its time is over, not before', async () => {
  await using lambda = await FaultLambda.start({ functions: FUNCTIONS, fault: () => 'throttle' });
  const invoker = await invokerOf(lambda.endpoint, { throttled: 300 });
  const { signal } = new AbortController();
  const answer = await invoker.invoke('ayci-onnx-arm64-1769', async () => measureRequest(), { signal });
  invoker.close();
  const message = expect.stringMatching(/^throttled \d+ times: ConcurrentInvocationLimitExceeded$/);
  expect(answer).toMatchObject({ ok: false, failure: { code: 'throttled', message } });
  expect(lambda.calls.length).toBeGreaterThan(2);
});

/** What has to be true however the faults fall. */
function check({ ended, lambda }: Seen): void {
  const calls = new Map(lambda.calls.map((call) => [call.nonce, call]));
  const accepted = new Set<string>();
  for (const one of ended) {
    const last = calls.get(one.nonces.at(-1) ?? '');
    const unread = last === undefined;
    const outcome = outcomeOf(one);
    // A request runs once, whatever was sent for it.
    expect(one.nonces.filter((nonce) => calls.get(nonce)?.ran).length).toBeLessThanOrEqual(1);
    expect(one.nonces.slice(0, -1).filter((nonce) => calls.get(nonce)?.ran)).toEqual([]);
    if (one.invocation?.ok) {
      const { nonce } = one.invocation.response;
      expect(nonce).toBe(one.nonces.at(-1));
      expect(last).toMatchObject({ ran: true, answered: true });
      expect(accepted.has(nonce)).toBe(false);
      accepted.add(nonce);
      continue;
    }
    expect(last?.answered ?? false).toBe(false);
    if (unread) expect(outcome).toBe('connection-lost');
    else if (outcome === 'error') {
      // Credentials that the service calls ended twice are ended.
      const twice = one.nonces.filter((nonce) => calls.get(nonce)?.fault === 'expired-token');
      expect([twice.length, one.error]).toEqual([2, expect.objectContaining({ code: 'target' })]);
    } else expect(outcome).toBe(OUTCOMES[last.fault as Fault]);
  }
  expect(accepted.size).toBe(lambda.calls.filter((call) => call.answered).length);
  // Nothing is sent that nobody asked for.
  expect(lambda.calls).toHaveLength(ended.reduce((sum, one) => sum + one.nonces.length, 0));
}

const MIXTURES = 200;
const AT_ONCE = 10;

test.each(Array.from({ length: MIXTURES / AT_ONCE }, (_, at) => at * AT_ONCE))(
  'mixtures %i and the nine after it: no answer lost, none counted twice, no hang',
  async (from) => {
    const mixture = async (seed: number): Promise<void> => {
      const random = uniform(seed);
      const share = random() * 0.8;
      // Waiting for answers that do not come takes long, so few mixtures have them.
      const possible = FAULTS.filter((fault) => fault !== 'silence' || from % 50 === 0);
      const some = possible.filter(() => random() < 0.5);
      const seen = await send(12, {
        fault: () => (random() < share ? (some[Math.floor(random() * some.length)] ?? null) : null),
        cap: 1 + Math.floor(random() * 8),
        serviceMs: Math.floor(random() * 10),
      });
      check(seen);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => mixture(from + at)));
  },
);
