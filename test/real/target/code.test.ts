import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compiledCode } from '../../../src/target/local/code.ts';
import { ROOT } from '../../support/program.ts';

const run = promisify(execFile);
const signal = new AbortController().signal;
const python = process.env.AYCI_TEST_PYTHON ?? 'python3';
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
let cacheDir: string;
let place: { readonly cacheDir: string; readonly runtimesDir: string };

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'ayci-code-'));
  place = { cacheDir, runtimesDir: join(ROOT, 'runtimes') };
});

afterEach(() => rm(cacheDir, { recursive: true, force: true }));

test("a runtime's code is compiled, and Python takes what is compiled", async () => {
  const folder = await compiledCode(place, 'onnx', digest, python, signal);
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['app.py', 'convert_app.py', 'ayci_runtime']));
  expect(readdirSync(folder)).not.toContain('requirements.txt');
  for (const part of [folder, join(folder, 'ayci_runtime')]) {
    const sources = readdirSync(part).filter((name) => name.endsWith('.py'));
    const compiled = readdirSync(join(part, '__pycache__')).map((name) => name.split('.')[0]);
    expect(compiled.sort()).toEqual(sources.map((name) => name.slice(0, -3)).sort());
  }
  const code = 'import ayci_runtime.errors as e; print(e.one_line.__code__.co_filename)';
  const { stdout, stderr } = await run(python, ['-v', '-c', code], { env: { PYTHONPATH: folder } });
  expect(stderr).toMatch(/matches .*ayci_runtime\/errors\.py/);
  // As if it had been compiled where it is.
  expect(stdout.trim()).toBe(join(folder, 'ayci_runtime', 'errors.py'));
});

test('of several at once all get the same, and nothing is left over', async () => {
  const made = await Promise.all([1, 2, 3].map(() => compiledCode(place, 'onnx', digest, python, signal)));
  expect(new Set(made).size).toBe(1);
  expect(readdirSync(join(cacheDir, 'code'))).toEqual(['onnx-0123456789ab']);
  // Made once: nothing is started any more.
  expect(await compiledCode(place, 'onnx', digest, '/nonexistent', signal)).toBe(made[0]);
});

test('code that is none is told, and none is kept', async () => {
  const runtimesDir = join(cacheDir, 'runtimes');
  await mkdir(join(runtimesDir, 'common'), { recursive: true });
  await mkdir(join(runtimesDir, 'onnx'));
  await writeFile(join(runtimesDir, 'onnx', 'app.py'), 'def handler(:\n');
  await expect(compiledCode({ cacheDir, runtimesDir }, 'onnx', digest, python, signal)).rejects.toMatchObject({
    code: 'environment',
    message: expect.stringMatching(/^runtime onnx: cannot be compiled: .*SyntaxError/),
  });
  expect(existsSync(join(cacheDir, 'code', 'onnx-0123456789ab'))).toBe(false);
  expect(readdirSync(join(cacheDir, 'code'))).toEqual([]);
});
