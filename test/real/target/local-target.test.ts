import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Target, Work } from '../../../src/ports.ts';
import { createInvoker } from '../../../src/target/lambda/invoke.ts';
import { createLocalTarget, hostHardware } from '../../../src/target/local/index.ts';
import { recordingLogger, tinyPlace } from './lambda.ts';
import { request } from './request.ts';

const signal = new AbortController().signal;
const hardware = hostHardware();
const work: readonly Work[] = [{ framework: 'onnx', hardware, memoryMb: 512, op: 'measure' }];
const config = { hardware, memoryMb: 512, optimizer: 'onnx' } as const;
const lines: string[] = [];
let folder: string;
let target: Target;

function create(): Promise<Target> {
  return createLocalTarget({
    ...tinyPlace(join(folder, 'cache')),
    runtimesDir: join(folder, 'runtimes'),
    region: 'eu-central-1',
    image: 'ubuntu26 20261101.1',
    logger: recordingLogger(lines),
    invokerFactory: createInvoker,
  });
}

/** The echo handler in the place of the ONNX runtime, with awslambdaric alone. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ayci-target-'));
  const runtime = join(folder, 'runtimes', 'onnx');
  await mkdir(join(folder, 'runtimes', 'common'), { recursive: true });
  await cp(join(import.meta.dirname, 'runtimes', 'tiny'), runtime, { recursive: true });
  await appendFile(join(runtime, 'requirements.txt'), '# onnxruntime is left out\n');
  await cp(join(import.meta.dirname, 'handlers', 'app.py'), join(runtime, 'app.py'));
  await appendFile(join(runtime, 'app.py'), '\n\nhandler = echo\n');
  target = await create();
}, 60_000);

afterAll(async () => {
  await target?.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(memoryMb: number, more: object = {}): Promise<Record<string, unknown>> {
  const invocation = await target.invoke({ framework: 'onnx', hardware, memoryMb }, async () => request(more), signal);
  if (!invocation.ok) throw new Error(invocation.failure.message);
  return { ...invocation.response, report: invocation.report };
}

test('its facts are known before anything is made', () => {
  expect(lines).toEqual([]);
  expect(target.facts).toMatchObject({
    kind: 'local',
    hardware: [hardware],
    region: null,
    image: 'ubuntu26 20261101.1',
  });
  expect(target.facts.maxMemoryMb).toBeGreaterThan(128);
  expect(target.facts.maxVcpus).toBeGreaterThanOrEqual(1);
  expect(target.facts.fractionalCpuRemedy === null).toBe(target.facts.fractionalCpu);
  expect(target.facts).toMatchObject({ reads: 'files', concurrency: 1, notes: [] });
  expect(target.facts.unavailable('onnx', config)).toBeNull();
});

test('the digest follows the code and the requirements, not the way to them', async () => {
  const digest = target.facts.runtimeDigest('onnx', config);
  const other = await create();
  expect(other.facts.runtimeDigest('onnx', config)).toBe(digest);
  const converter = { runtime: 'onnx', made: 'there' } as const;
  expect(other.facts.converterDigest(converter, hardware)).toBe(target.facts.converterDigest(converter, hardware));
  const file = join(folder, 'runtimes', 'common', 'more.py');
  await writeFile(file, 'x = 1\n');
  const changed = await create();
  expect(changed.facts.runtimeDigest('onnx', config)).not.toBe(digest);
  await rm(file);
  await writeFile(join(folder, 'runtimes', 'common', 'notes.md'), 'x');
  const same = await create();
  expect(same.facts.runtimeDigest('onnx', config)).toBe(digest);
});

test('prepared once, it runs a request within the memory and share of its size', { timeout: 120_000 }, async () => {
  await target.prepare(work, signal);
  const said = lines.length;
  expect(said).toBeGreaterThan(0);
  await target.prepare(work, signal);
  expect(lines).toHaveLength(said);
  const answer = await ask(512);
  expect(answer).toMatchObject({ dataLimit: 512 * 1024 * 1024, report: { memoryMb: 512 } });
  expect(String(answer.group).includes('ayci-')).toBe(target.facts.fractionalCpu);
  expect(answer.environment).toMatchObject({ AWS_LAMBDA_FUNCTION_NAME: `ayci-onnx-${hardware}-512` });
});

test('a conversion has the whole host', { timeout: 120_000 }, async () => {
  await target.prepare(work, signal);
  const answer = await ask(512, { op: 'convert' });
  expect(answer).toMatchObject({
    dataLimit: -1,
    environment: { AWS_LAMBDA_FUNCTION_NAME: `ayci-onnx-convert-${hardware}` },
  });
  expect(answer.group).toBe(answer.initGroup);
  expect(Number(answer.remainingMs)).toBeGreaterThan(600_000);
});

test('hardware that the host is not has no function', { timeout: 120_000 }, async () => {
  await target.prepare(work, signal);
  const other = hardware === 'arm64' ? 'x86_64' : 'arm64';
  const asked = target.invoke({ framework: 'onnx', hardware: other, memoryMb: 512 }, async () => request(), signal);
  await expect(asked).rejects.toMatchObject({
    code: 'target',
    message: expect.stringMatching(/ResourceNotFoundException/),
  });
});
