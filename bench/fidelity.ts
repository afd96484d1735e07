// AYCI's timing of an inference against each engine's own bare loop: same model, options, threads and inputs, in turns of
// 20 ms in one process, several processes: npm run bench -- fidelity [ENGINE ...] [--processes N]. Prints the ratio of CPU
// times with its 95 % interval (to reach: within 1 % of 1 on ONNX Runtime, within 2 % on the others). Exit 1 where not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureFramework } from '../scripts/frameworks.mjs';
import { interval, ofPairs } from '../src/analysis/stats.ts';
import { RUNTIME_NAMES } from '../src/types/config.ts';
import { subjects } from './support/engines.ts';
import { root } from './support/local.ts';
import { median } from './support/stats.ts';

const { values, positionals } = parseArgs({
  options: { processes: { type: 'string', default: '8' } },
  allowPositionals: true,
});
const SECONDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const engines = RUNTIME_NAMES.filter((one) => positionals.length === 0 || positionals.includes(one));

/** How far AYCI may be from the bare loop of an engine. */
const limitOf = (engine: string): number => (engine === 'onnx' ? 0.01 : 0.02);

function ratio(logs: readonly number[]): { readonly mean: number; readonly text: string } {
  const estimated = ofPairs(logs);
  if (estimated === null) throw new Error('too few processes');
  const { low, high } = interval(estimated, 0.95);
  const mean = Math.exp(estimated.mean);
  return { mean, text: `${mean.toFixed(4)} (${Math.exp(low).toFixed(4)} to ${Math.exp(high).toFixed(4)})` };
}

for (const engine of engines) {
  const python = ensureFramework(engine);
  for (const { name, optimizer, file: path } of await subjects(engine, folder)) {
    const found = Array.from({ length: Number(values.processes) }, (_, seed) => {
      const script = join(root, 'bench', 'support', 'fidelity.py');
      const args = [script, join(root, 'runtimes'), engine, optimizer, path, String(SECONDS), String(seed)];
      const env = { PATH: process.env.PATH ?? '', HOME: dirname(path), AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769' };
      const out = execFileSync(python, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
      return JSON.parse(out.trim().split('\n').at(-1) ?? '') as { wall: number; cpu: number; ms: number };
    });
    const ms = median(found.map((one) => one.ms)).toFixed(1);
    const [cpu, wall] = [ratio(found.map((one) => one.cpu)), ratio(found.map((one) => one.wall))];
    const within = Math.abs(cpu.mean - 1) <= limitOf(engine);
    if (!within) process.exitCode = 1;
    console.log(
      `fidelity: ${engine}, ${name}, ${ms} ms: AYCI / bare loop, CPU ${cpu.text}, wall ${wall.text}, ${found.length} processes${within ? '' : ': NOT within its limit'}`,
    );
  }
}
rmSync(folder, { recursive: true, force: true });
