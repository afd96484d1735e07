import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { madeEnvironment, makeEnvironment } from '../../../src/target/local/environment.ts';
import { parseOwnRequirements } from '../../../src/target/local/own-requirements.ts';
import { findPython } from '../../../src/target/local/python.ts';
import { ROOT } from '../../support/program.ts';
import { recordingLogger, tinyPlace, until } from './lambda.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'make-environment.ts');
const signal = new AbortController().signal;
let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'ayci-environment-'));
});

afterEach(() => rm(cache, { recursive: true, force: true }));

async function imports(python: string): Promise<string> {
  return (await run(python, ['-c', 'import awslambdaric; print(awslambdaric.__name__)'])).stdout.trim();
}

test('it is made once; later runs need neither Python nor pip', { timeout: 120_000 }, async () => {
  const lines: string[] = [];
  const made = await makeEnvironment(tinyPlace(cache), 'tiny', recordingLogger(lines), signal);
  expect(await imports(made.python)).toBe('awslambdaric');
  expect(lines).not.toEqual([]);
  const bare = tinyPlace(cache, { path: '/nonexistent', env: {} });
  const again: string[] = [];
  expect(await makeEnvironment(bare, 'tiny', recordingLogger(again), signal)).toEqual(made);
  expect(again).toEqual([]);
});

test('of two at once one makes it and the other waits', { timeout: 120_000 }, async () => {
  const outputs = await Promise.all([run(process.execPath, [script, cache]), run(process.execPath, [script, cache])]);
  const said = outputs.map(({ stdout }) => JSON.parse(stdout) as { python: string; lines: string[] });
  expect(said[0]?.python).toBe(said[1]?.python);
  const all = said.map(({ lines }) => lines.join('\n'));
  expect(all.filter((lines) => lines.includes('Making'))).toHaveLength(1);
  expect(all.filter((lines) => lines.includes('Waiting'))).toHaveLength(1);
  expect(await imports(said[0]?.python ?? '')).toBe('awslambdaric');
});

test('what a killed run left half-way is made anew', { timeout: 120_000 }, async () => {
  const child = spawn(process.execPath, [script, cache], { stdio: 'ignore' });
  const envs = join(cache, 'envs');
  const half = (): string | undefined => (existsSync(envs) ? readdirSync(envs)[0] : undefined);
  await until(() => half() !== undefined && existsSync(join(envs, half() ?? '', 'bin')));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  const rubbish = join(envs, half() ?? '', 'rubbish');
  await writeFile(rubbish, '');
  expect(madeEnvironment(tinyPlace(cache), 'tiny')).toBeNull();
  const made = await makeEnvironment(tinyPlace(cache), 'tiny', recordingLogger([]), signal);
  expect(existsSync(rubbish)).toBe(false);
  expect(await imports(made.python)).toBe('awslambdaric');
});

test('a changed package is refused by its hash', { timeout: 120_000 }, async () => {
  const runtimesDir = join(cache, 'runtimes');
  await mkdir(join(runtimesDir, 'tiny'), { recursive: true });
  const requirement = `snapshot-restore-py==1.0.0 --hash=sha256:${'0'.repeat(64)}\n`;
  await writeFile(join(runtimesDir, 'tiny', 'requirements.txt'), requirement);
  const place = tinyPlace(cache, { runtimesDir });
  await expect(makeEnvironment(place, 'tiny', recordingLogger([]), signal)).rejects.toMatchObject({
    code: 'environment',
    message: expect.stringMatching(/pip install for tiny failed/),
  });
  expect(madeEnvironment(place, 'tiny')).toBeNull();
});

test('an aborted making ends its program', { timeout: 120_000 }, async () => {
  const controller = new AbortController();
  const making = makeEnvironment(tinyPlace(cache), 'tiny', recordingLogger([]), controller.signal);
  const outcome = expect(making).rejects.toMatchObject({ code: 'interrupted' });
  await until(() => existsSync(join(cache, 'envs')) && readdirSync(join(cache, 'envs')).length > 0);
  controller.abort();
  await outcome;
  expect(madeEnvironment(tinyPlace(cache), 'tiny')).toBeNull();
});

test('a cache that is no folder is told of in one line', async () => {
  const file = join(cache, 'file');
  await writeFile(file, '');
  await expect(makeEnvironment(tinyPlace(file), 'tiny', recordingLogger([]), signal)).rejects.toMatchObject({
    code: 'environment',
    hint: expect.stringMatching(/XDG_CACHE_HOME/),
  });
});

/** A program called `name` in a folder of its own: a real Python whose answer to AYCI's question is another one. */
async function python(name: string, answer: string, real: string): Promise<string> {
  const folder = join(cache, 'bin');
  await mkdir(folder, { recursive: true });
  const question = `case "$*" in *ensurepip*) echo "${answer}"; exit 0;; esac`;
  await writeFile(join(folder, name), `#!/bin/sh\n${question}\nexec "${real}" "$@"\n`);
  await chmod(join(folder, name), 0o755);
  return folder;
}

async function realPython(): Promise<{ program: string; tag: string }> {
  const { found } = await findPython(null, process.env.PATH ?? '', 'onnx');
  if (found === null) throw new Error('these tests need a Python');
  return { ...found, program: (await run(found.program, ['-c', 'import sys; print(sys.executable)'])).stdout.trim() };
}

test('candidates that do not fit are passed over', async () => {
  const { program } = await realPython();
  await python('python3', '3 9 1', program);
  const path = await python('python3.13', '3 13 1', program);
  const search = await findPython(null, path, 'onnx');
  expect(search.found).toEqual({ program: join(path, 'python3.13'), tag: 'cp313', whole: true });
  expect(search.passedOver).toEqual([`${join(path, 'python3')} is Python 3.9`]);
});

test('a Python for which a framework has no wheels yet fits the others alone', async () => {
  const { program } = await realPython();
  await python('python3', '3 14 1', program);
  const path = await python('python3.12', '3 12 1', program);
  for (const runtime of ['onnx', 'onnx-convert', 'mxnet', 'tvm', 'openvino'])
    expect((await findPython(null, path, runtime)).found?.tag).toBe('cp314');
  for (const runtime of ['pytorch', 'pytorch-convert', 'tensorflow', 'tensorflow-convert'])
    expect((await findPython(null, path, runtime)).found?.tag).toBe('cp312');
});

test('a Python that was asked for and does not fit is an error', async () => {
  const path = await python('python3', '3 9 1', '/bin/false');
  const asked = join(path, 'python3');
  await expect(
    makeEnvironment(tinyPlace(cache, { python: asked }), 'tiny', recordingLogger([]), signal),
  ).rejects.toMatchObject({
    code: 'environment',
    message: expect.stringMatching(/AYCI_PYTHON: .* is Python 3\.9; expected Python 3\.11/),
  });
});

test('without a venv module uv makes the environment', { timeout: 300_000 }, async () => {
  const { program, tag } = await realPython();
  const path = await python('python3', `3 ${tag.slice(3)} 0`, program);
  const { env } = tinyPlace(cache);
  const runtimesDir = join(cache, 'runtimes');
  await mkdir(runtimesDir);
  const source = join(import.meta.dirname, '../../..');
  await run('cp', [
    '-r',
    join(import.meta.dirname, 'runtimes/tiny'),
    join(source, 'runtimes/uv-requirements.txt'),
    runtimesDir,
  ]);
  const made = await makeEnvironment(
    tinyPlace(cache, { runtimesDir, path, env: { ...env, UV_CACHE_DIR: join(cache, 'uv-cache') } }),
    'tiny',
    recordingLogger([]),
    signal,
  );
  expect(statSync(join(cache, 'uv', 'bin', 'uv')).isFile()).toBe(true);
  expect(made.tag).toBe(tag);
  expect(await imports(made.python)).toBe('awslambdaric');
});

test("a user's own versions take the place of the runtime's, in an environment of their own", async () => {
  const runtimesDir = join(cache, 'runtimes');
  await cp(join(import.meta.dirname, 'runtimes', 'tiny'), join(runtimesDir, 'onnx'), { recursive: true });
  await cp(join(ROOT, 'runtimes', 'own_requirements'), join(runtimesDir, 'own_requirements'), { recursive: true });
  const own = parseOwnRequirements(
    await readFile(join(import.meta.dirname, 'requirements', 'own.txt'), 'utf8'),
    'own.txt',
  );
  const place = tinyPlace(cache, { runtimesDir, own });
  const made = await makeEnvironment(place, 'onnx', recordingLogger([]), signal);
  expect(await imports(made.python)).toBe('awslambdaric');
  const version = ['-c', "import importlib.metadata as m; print(m.version('onnxruntime'))"];
  expect((await run(made.python, version)).stdout.trim()).toBe('1.23.2');
  expect(madeEnvironment(place, 'onnx')).toEqual(made);
  // Without them it is another environment.
  expect(madeEnvironment({ ...place, own: null }, 'onnx')).toBeNull();
});
