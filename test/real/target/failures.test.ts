import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLambda, type TestLambda } from './lambda.ts';
import { ask, send } from './request.ts';

let lambda: TestLambda;

beforeAll(async () => {
  lambda = await startLambda([
    { name: 'raises', handler: 'app.raises' },
    { name: 'exits', handler: 'app.exits' },
    { name: 'leaves', handler: 'app.leaves' },
    { name: 'kills', handler: 'app.kills_itself' },
    { name: 'sleeps', handler: 'app.sleeps', timeoutMs: 1500 },
    { name: 'hoards', handler: 'app.hoards', memoryMb: 256 },
    { name: 'stumbles', handler: 'app.stumbles', memoryMb: 256 },
    { name: 'falls', handler: 'app.falls' },
    { name: 'holds', handler: 'app.holds', memoryMb: 512 },
    { name: 'broken', handler: 'broken.handler' },
    { name: 'no-python', handler: 'app.echo', python: '/nonexistent/python' },
    { name: 'no-memory', handler: 'app.echo', memoryMb: 1 },
  ]);
}, 120_000);

afterAll(() => lambda?.close());

test.each([
  ['raises', 'invalid-model', /^InvalidModel: no graph in it$/],
  ['exits', 'crashed', /Runtime exited with error: exit status 3$/],
  ['leaves', 'crashed', /Runtime exited without providing a reason$/],
  ['kills', 'out-of-memory', /Runtime exited with error: signal: killed$/],
  ['hoards', 'out-of-memory', /MemoryError/],
  ['stumbles', 'out-of-memory', /signal: segmentation fault$/],
  ['falls', 'crashed', /signal: segmentation fault$/],
  ['broken', 'crashed', /broken at import/],
  ['no-python', 'crashed', /exit status 127|ENOENT/],
  ['no-memory', 'out-of-memory', /Runtime exited with error/],
])('%s is %s', async (name, code, message) => {
  const invocation = await send(lambda, name);
  expect(invocation).toMatchObject({ ok: false, failure: { code, message: expect.stringMatching(message) } });
  expect(invocation.report).not.toBeNull();
});

test('past its time a sandbox is killed and the next request has a new one', async () => {
  const file = join(lambda.scratch, `timeout-${randomUUID()}`);
  const late = await send(lambda, 'sleeps', { file, seconds: 3600 });
  const message = /Task timed out after 1\.50 seconds$/;
  expect(late).toMatchObject({ ok: false, failure: { code: 'timeout', message: expect.stringMatching(message) } });
  expect(late.report?.durationMs).toBeGreaterThanOrEqual(1499);
  const next = await ask(lambda, 'sleeps', { file, seconds: 0 });
  expect(next.report.initMs).toBeGreaterThan(0);
});

test('the memory that a request had is in its report', async () => {
  const { report } = await ask(lambda, 'holds', { megabytes: 200 });
  expect(report.maxMemoryMb).toBeGreaterThanOrEqual(200);
  expect(report.maxMemoryMb).toBeLessThan(512);
});
