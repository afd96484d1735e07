import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive } from '../../../src/target/local/alive.ts';
import type { ConvertRequest } from '../../../src/types/protocol.ts';
import { REGION, startLambda, type TestLambda, until } from './lambda.ts';
import { ask, request, send } from './request.ts';

let lambda: TestLambda;
let single: TestLambda;

beforeAll(async () => {
  process.env.GITHUB_TOKEN = 'secret-of-the-host';
  lambda = await startLambda([
    { name: 'echo', handler: 'app.echo' },
    { name: 'chatty', handler: 'app.chatty' },
    { name: 'big', handler: 'app.big' },
    { name: 'spans', handler: 'app.spans' },
    { name: 'sleeps', handler: 'app.sleeps' },
    { name: 'other-nonce', handler: 'app.other_nonce' },
  ]);
  single = await startLambda(
    [
      { name: 'spans', handler: 'app.spans' },
      { name: 'sleeps', handler: 'app.sleeps' },
    ],
    1,
  );
}, 120_000);

afterAll(async () => {
  await Promise.all([lambda?.close(), single?.close()]);
});

test('a cold sandbox bills its init once, a warm one is used again', async () => {
  const cold = await ask(lambda, 'echo');
  const warm = await ask(lambda, 'echo');
  expect(cold.report.initMs).toBeGreaterThan(0);
  // Duration and init are printed with two decimals each, so a sum at a whole number may round either way.
  const sum = cold.report.durationMs + (cold.report.initMs ?? 0);
  expect([Math.ceil(sum), Math.ceil(sum - 0.01), Math.ceil(sum + 0.01)]).toContain(cold.report.billedMs);
  expect(cold.report.memoryMb).toBe(512);
  expect(cold.report.maxMemoryMb).toBeGreaterThan(5);
  expect(cold.report.maxMemoryMb).toBeLessThan(200);
  expect(warm.report.initMs).toBeNull();
  expect(Math.abs(warm.report.billedMs - warm.report.durationMs)).toBeLessThanOrEqual(1);
  expect(warm.body.pid).toBe(cold.body.pid);
  expect(warm.body.requests).toBe(Number(cold.body.requests) + 1);
});

test('a sandbox that says it retired gets no further request and ends', async () => {
  const last = await ask(lambda, 'echo', { retire: true });
  const next = await ask(lambda, 'echo');
  expect(next.body.pid).not.toBe(last.body.pid);
  expect(next.report.initMs).toBeGreaterThan(0);
  await until(() => !isAlive(Number(last.body.pid)));
  expect(existsSync(String((last.body.environment as Record<string, string>).HOME))).toBe(false);
});

test('the sandbox has the environment of a function and nothing of the host', async () => {
  const { body } = await ask(lambda, 'echo');
  const environment = body.environment as Record<string, string>;
  expect(JSON.stringify(environment)).not.toContain('secret-of-the-host');
  const names = Object.keys(environment).filter((name) => name !== 'LC_CTYPE' && name !== '_X_AMZN_TRACE_ID');
  expect(names.sort()).toEqual([
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    'AWS_LAMBDA_FUNCTION_NAME',
    'AWS_LAMBDA_FUNCTION_VERSION',
    'AWS_LAMBDA_RUNTIME_API',
    'AWS_REGION',
    'HOME',
    'LAMBDA_TASK_ROOT',
    'LANG',
    'PATH',
    'PYTHONDONTWRITEBYTECODE',
    'PYTHONPATH',
    'TMPDIR',
    'TORCH_HOME',
    'XDG_CACHE_HOME',
  ]);
  expect(environment.HOME?.startsWith(lambda.scratch)).toBe(true);
  expect(body.dataLimit).toBe(512 * 1024 * 1024);
  expect(body.arn).toBe(`arn:aws:lambda:${REGION}:000000000000:function:echo`);
  expect(Number(body.remainingMs)).toBeGreaterThan(0);
  expect(Number(body.remainingMs)).toBeLessThanOrEqual(30_000);
});

test('the log tail holds the last lines of the handler and the REPORT, within 4 KB', async () => {
  const Payload = JSON.stringify(request({ lines: 2000 }));
  const FunctionName = `arn:aws:lambda:${REGION}:000000000000:function:chatty`;
  const output = await lambda.client.send(new InvokeCommand({ FunctionName, LogType: 'Tail', Payload }));
  const tail = Buffer.from(output.LogResult ?? '', 'base64').toString();
  const lines = tail.trimEnd().split('\n');
  expect(Buffer.byteLength(tail)).toBe(4096);
  expect(lines.slice(-12, -2)).toEqual(Array.from({ length: 10 }, (_, index) => `line ${1990 + index}`));
  expect(lines.at(-2)).toBe(`END RequestId: ${output.$metadata.requestId}`);
  expect(lines.at(-1)).toMatch(
    /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB/,
  );
  expect(output.ExecutedVersion).toBe('$LATEST');
  expect(output.StatusCode).toBe(200);
  const silent = await lambda.client.send(new InvokeCommand({ FunctionName: 'chatty', Payload }));
  expect(silent.LogResult).toBeUndefined();
});

test('requests at once get sandboxes of their own and take turns', async () => {
  const both = await Promise.all([ask(lambda, 'spans'), ask(lambda, 'spans'), ask(lambda, 'spans')]);
  const spans = both.map(({ body }) => ({ start: Number(body.start), end: Number(body.end) }));
  spans.sort((one, other) => one.start - other.start);
  expect(new Set(both.map(({ body }) => body.pid)).size).toBe(3);
  for (const [index, span] of spans.slice(1).entries())
    expect(span.start).toBeGreaterThanOrEqual(spans[index]?.end ?? 0);
});

test('one more request than the concurrency is throttled, and the client comes again', async () => {
  const command = (): InvokeCommand => new InvokeCommand({ FunctionName: 'spans', Payload: JSON.stringify(request()) });
  const results = await Promise.allSettled([single.client.send(command()), single.client.send(command())]);
  const refused = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({
    name: 'TooManyRequestsException',
    Reason: 'ConcurrentInvocationLimitExceeded',
    retryAfterSeconds: '1',
  });
  const again = await Promise.all([ask(single, 'spans'), ask(single, 'spans')]);
  expect(again.map(({ body }) => body.op)).toEqual(['measure', 'measure']);
});

test('an unknown function, too large a request and too large an answer are typed', async () => {
  await expect(send(lambda, 'nobody')).rejects.toMatchObject({
    code: 'target',
    message: expect.stringMatching(/ResourceNotFoundException/),
  });
  const request = await send(lambda, 'echo', { filler: 'x'.repeat(7_000_000) });
  expect(request).toMatchObject({
    ok: false,
    failure: { code: 'protocol', message: expect.stringMatching(/Lambda takes 6291556/) },
  });
  const Payload = 'x'.repeat(7_000_000);
  await expect(lambda.client.send(new InvokeCommand({ FunctionName: 'echo', Payload }))).rejects.toMatchObject({
    name: 'RequestTooLargeException',
  });
  const answer = await send(lambda, 'big');
  expect(answer).toMatchObject({
    ok: false,
    failure: { code: 'protocol', message: expect.stringMatching(/ResponseSizeTooLarge/) },
  });
  expect((await ask(lambda, 'echo')).body.op).toBe('measure');
});

test('an answer to another request is no measurement', async () => {
  const answer = await send(lambda, 'other-nonce');
  expect(answer).toMatchObject({
    ok: false,
    failure: { code: 'protocol', message: expect.stringMatching(/another request/) },
  });
});

test('aborting ends the sandbox that runs the request', async () => {
  const controller = new AbortController();
  const file = join(lambda.scratch, `abort-${randomUUID()}`);
  const sent = send(lambda, 'sleeps', { file, seconds: 3600 }, controller.signal);
  const outcome = expect(sent).rejects.toMatchObject({ code: 'interrupted', message: 'interrupted' });
  await until(() => existsSync(file));
  const pid = Number(readFileSync(file, 'utf8'));
  expect(isAlive(pid)).toBe(true);
  controller.abort();
  await outcome;
  await until(() => !isAlive(pid));
  expect((await ask(lambda, 'echo')).body.op).toBe('measure');
});

test('closing ends what runs and what is idle, and leaves no folder', async () => {
  const own = await startLambda([
    { name: 'echo', handler: 'app.echo' },
    { name: 'sleeps', handler: 'app.sleeps' },
  ]);
  const idle = Number((await ask(own, 'echo')).body.pid);
  const file = join(own.scratch, `close-${randomUUID()}`);
  const running = send(own, 'sleeps', { file, seconds: 3600 }).catch((error: Error) => error);
  await until(() => existsSync(file));
  const busy = Number(readFileSync(file, 'utf8'));
  await own.close();
  expect([isAlive(idle), isAlive(busy), existsSync(own.scratch)]).toEqual([false, false, false]);
  expect(await running).toMatchObject({ ok: false, failure: { code: 'connection-lost' } });
});

test('an event is accepted at once, beyond the concurrency too, and runs in its turn', async () => {
  const file = (name: string): string => join(single.scratch, name);
  const busy = file(`busy-${randomUUID()}`);
  const event = file(`event-${randomUUID()}`);
  const running = ask(single, 'sleeps', { file: busy, seconds: 1 });
  await until(() => existsSync(busy));
  const make = async () => request({ file: event, seconds: 0 }) as unknown as ConvertRequest;
  const options = { signal: new AbortController().signal };
  expect(await single.invoker.submit('sleeps', make, options)).toBeNull();
  await running;
  await until(() => existsSync(event));
  expect(statSync(event).mtimeMs - statSync(busy).mtimeMs).toBeGreaterThanOrEqual(1000);
});

test('an event that no function takes, or that is too large, is refused at once', async () => {
  const options = { signal: new AbortController().signal };
  const large = async () => request({ filler: 'x'.repeat(2_000_000) }) as unknown as ConvertRequest;
  expect(await lambda.invoker.submit('echo', large, options)).toMatchObject({ code: 'protocol' });
  const small = async () => request() as unknown as ConvertRequest;
  await expect(lambda.invoker.submit('nobody', small, options)).rejects.toMatchObject({ code: 'target' });
  const Payload = JSON.stringify(await large());
  const command = new InvokeCommand({ FunctionName: 'echo', InvocationType: 'Event', Payload });
  await expect(lambda.client.send(command)).rejects.toMatchObject({ name: 'RequestTooLargeException' });
});
