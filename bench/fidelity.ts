// AYCI's timing of an inference against a bare onnxruntime loop: same model, options, threads and inputs, in turns of
// 20 ms in one process, several processes. Prints the ratio of CPU times with its 95 % interval (to reach: within 1 % of 1).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interval, ofPairs } from '../src/analysis/stats.ts';
import { squeezenet } from '../src/demo/squeezenet.ts';
import { openLocal, root } from './support/local.ts';
import { median } from './support/stats.ts';

const PROCESSES = Number(process.argv[2] ?? 16);
const SECONDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const { target, python } = await openLocal();
await target.close();

function ratio(logs: readonly number[]): string {
  const estimated = ofPairs(logs);
  if (estimated === null) throw new Error('too few processes');
  const { low, high } = interval(estimated, 0.95);
  return `${Math.exp(estimated.mean).toFixed(4)} (${Math.exp(low).toFixed(4)} to ${Math.exp(high).toFixed(4)})`;
}

for (const [name, extra, side] of [
  ['small', 0, 128],
  ['middle', 0, 224],
  ['large', 5, 288],
] as const) {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, squeezenet(extra, side));
  const found = Array.from({ length: PROCESSES }, (_, seed) => {
    const args = [
      join(root, 'bench', 'support', 'fidelity.py'),
      join(root, 'runtimes'),
      path,
      String(SECONDS),
      String(seed),
    ];
    const out = execFileSync(python, args, { env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8' });
    return JSON.parse(out) as { wall: number; cpu: number; ms: number };
  });
  const ms = median(found.map((one) => one.ms)).toFixed(1);
  const [cpu, wall] = [ratio(found.map((one) => one.cpu)), ratio(found.map((one) => one.wall))];
  console.log(`fidelity: ${name}, ${ms} ms: AYCI / bare loop, CPU ${cpu}, wall ${wall}, ${PROCESSES} processes`);
}
rmSync(folder, { recursive: true, force: true });
