import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { artifactOf } from '../../src/archive/models.ts';
import { consoleLogger } from '../../src/log.ts';
import { Budget } from '../../src/measure/budget.ts';
import { type Caller, callConvert } from '../../src/measure/call.ts';
import { loadModel } from '../../src/model/load.ts';
import type { Target } from '../../src/ports.ts';
import { madeEnvironment } from '../../src/target/local/environment.ts';
import type { Artifact } from '../../src/types/protocol.ts';
import { cacheFolder, localTarget } from '../../src/wiring/index.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const terminal = { write: (text: string) => process.stderr.write(text), isTTY: false, columns: 80 };

/** The embedded Lambda. */
export async function openTarget(): Promise<Target> {
  const outside = {
    inAction: false,
    entry: pathToFileURL(join(root, 'src', 'cli.ts')).href,
    env: process.env,
    logger: consoleLogger(terminal, false),
    signal: new AbortController().signal,
    placeOf: (name: string) => name,
  };
  return localTarget(outside, null);
}

/** The embedded Lambda, ready, with the Python that it uses. */
export async function openLocal() {
  const signal = new AbortController().signal;
  const target = await openTarget();
  await target.prepare([{ ...where, op: 'measure' }], signal);
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const made = madeEnvironment(
    {
      cacheDir: cacheFolder(process.env),
      runtimesDir: join(root, 'runtimes'),
      python: process.env.AYCI_PYTHON ?? null,
      own: null,
      path: process.env.PATH ?? '',
      env,
    },
    'onnx',
  );
  if (made === null) throw new Error('no environment');
  const limits = { maxCalls: 1e6, maxMinutes: 360, maxSpendUsd: 1 };
  const caller: Caller = {
    target,
    budget: new Budget(limits, () => performance.now()),
    signal,
    locate: async (url) => url,
    usdOf: () => 0,
    seen: new Map(),
  };
  return { target, caller, python: made.python };
}

const where = {
  hardware: process.arch === 'x64' ? ('x86_64' as const) : ('arm64' as const),
  memoryMb: 1769,
  framework: 'onnx' as const,
};

/** The model as the `onnx` optimizer serves it. */
export async function convertOnnx(caller: Caller, path: string): Promise<{ artifact: Artifact; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
  await mkdir(folder, { recursive: true });
  const artifact = artifactOf(await loadModel(path, 'bench'));
  const answer = await callConvert(
    caller,
    { ...where, light: true },
    {
      protocol: 1,
      op: 'convert',
      framework: 'onnx',
      optimizer: 'onnx',
      artifact,
      hardware: where.hardware,
      batch: 1,
      threads: 1,
      seed: 0,
      inputs: [],
      output: pathToFileURL(folder).href,
    },
  );
  if (!answer.ok) throw new Error(answer.failure.message);
  const { entry, files } = answer.response;
  return {
    artifact: { entry, files: files.map((file) => ({ ...file, url: pathToFileURL(join(folder, file.path)).href })) },
    file: join(folder, entry),
  };
}

/** The bare loop in a process of its own. */
export function bareLoop(
  python: string,
  seconds: number,
  seed: number,
  files: readonly string[],
): { wallMs: number; cpuMs: number }[] {
  const script = join(root, 'bench', 'support', 'bare_loop.py');
  const out = execFileSync(python, [script, String(seconds), String(seed), ...files], {
    env: { PATH: process.env.PATH ?? '', ORT_DISABLE_TELEMETRY: '1' },
    encoding: 'utf8',
  });
  return JSON.parse(out) as { wallMs: number; cpuMs: number }[];
}
