// AYCI's timing of an inference against each engine's own bare loop: same model, options, threads and inputs, in turns of
// 20 ms in one process, several processes: npm run bench -- fidelity [ENGINE ...] [--processes N]. Prints the ratio of CPU
// times with its 95 % interval (to reach: within 1 % of 1 on ONNX Runtime, within 2 % on the others).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureFramework } from '../scripts/frameworks.mjs';
import { interval, ofPairs } from '../src/analysis/stats.ts';
import { squeezenet } from '../src/demo/squeezenet.ts';
import { type Optimizer, RUNTIME_NAMES, type RuntimeName } from '../src/types/config.ts';
import { convertedFile } from './support/converted.ts';
import { root } from './support/local.ts';
import { median } from './support/stats.ts';
import { writeZoo } from './support/zoo.ts';

const { values, positionals } = parseArgs({
  options: { processes: { type: 'string', default: '8' } },
  allowPositionals: true,
});
const SECONDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const engines = RUNTIME_NAMES.filter((one) => positionals.length === 0 || positionals.includes(one));

interface Subject {
  readonly name: string;
  readonly optimizer: Optimizer;
  readonly path: string;
}

/** What an engine is timed on: networks of three sizes on ONNX Runtime, ResNet-18 on the others. */
async function subjects(engine: RuntimeName): Promise<readonly Subject[]> {
  if (engine === 'onnx') {
    const sizes = [
      ['small', 0, 128],
      ['middle', 0, 224],
      ['large', 5, 288],
    ] as const;
    return sizes.map(([name, extra, side]) => {
      const path = join(folder, `${name}.onnx`);
      writeFileSync(path, squeezenet(extra, side));
      return { name, optimizer: 'onnx', path };
    });
  }
  if (engine === 'tvm' || engine === 'openvino') {
    const model = join(folder, 'model.onnx');
    writeFileSync(model, squeezenet(0, 224));
    return [{ name: 'squeezenet', optimizer: engine, path: await convertedFile(model, engine, join(folder, engine)) }];
  }
  const [model] = writeZoo(folder, engine, ['resnet18']);
  if (model === undefined) throw new Error('no model');
  const path = engine === 'tensorflow' ? join(model.path, 'saved_model.pb') : model.path;
  return [{ name: 'resnet18', optimizer: 'vanilla', path }];
}

function ratio(logs: readonly number[]): string {
  const estimated = ofPairs(logs);
  if (estimated === null) throw new Error('too few processes');
  const { low, high } = interval(estimated, 0.95);
  return `${Math.exp(estimated.mean).toFixed(4)} (${Math.exp(low).toFixed(4)} to ${Math.exp(high).toFixed(4)})`;
}

for (const engine of engines) {
  const python = ensureFramework(engine);
  for (const { name, optimizer, path } of await subjects(engine)) {
    const found = Array.from({ length: Number(values.processes) }, (_, seed) => {
      const script = join(root, 'bench', 'support', 'fidelity.py');
      const args = [script, join(root, 'runtimes'), engine, optimizer, path, String(SECONDS), String(seed)];
      const env = { PATH: process.env.PATH ?? '', HOME: dirname(path), AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769' };
      const out = execFileSync(python, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
      return JSON.parse(out.trim().split('\n').at(-1) ?? '') as { wall: number; cpu: number; ms: number };
    });
    const ms = median(found.map((one) => one.ms)).toFixed(1);
    const [cpu, wall] = [ratio(found.map((one) => one.cpu)), ratio(found.map((one) => one.wall))];
    console.log(
      `fidelity: ${engine}, ${name}, ${ms} ms: AYCI / bare loop, CPU ${cpu}, wall ${wall}, ${found.length} processes`,
    );
  }
}
rmSync(folder, { recursive: true, force: true });
