// Whether the interval that a run reports holds the truth: the ratio of the two models' CPU times in long bare loops.
// node bench/truth.ts [RUNS]; to reach: 18 of 20.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { squeezenet } from '../src/demo/squeezenet.ts';
import type { Report } from '../src/types/report.ts';
import { bareLoop, convertOnnx, openLocal, root } from './support/local.ts';

const RUNS = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const paths = { base: join(folder, 'base.onnx'), slow: join(folder, 'slow.onnx') };
writeFileSync(paths.base, squeezenet(0));
writeFileSync(paths.slow, squeezenet(3));
const { target, caller, python } = await openLocal();
const base = await convertOnnx(caller, paths.base);
const slow = await convertOnnx(caller, paths.slow);
await target.close();

const logs: number[] = [];
const found: { change: number; low: number; high: number; state: string }[] = [];
for (let run = 0; run < RUNS; run += 1) {
  // Truth and runs in turn: what the machine does to one it does to the other.
  const files = run % 2 === 0 ? [slow.file, base.file] : [base.file, slow.file];
  const loops = bareLoop(python, 6, run, files);
  const [candidate, baseline] = run % 2 === 0 ? loops : [loops[1], loops[0]];
  logs.push(Math.log((candidate?.cpuMs ?? Number.NaN) / (baseline?.cpuMs ?? Number.NaN)));
  const args = [
    'run',
    '--model',
    paths.slow,
    '--baseline',
    paths.base,
    '--archive',
    join(folder, `archive-${run}`),
    '--report-dir',
    join(folder, 'report'),
  ];
  spawnSync(process.execPath, [join(root, 'dist', 'cli.js'), ...args], { cwd: folder, stdio: 'ignore' });
  const report = JSON.parse(readFileSync(join(folder, 'report', 'report.json'), 'utf8')) as Report;
  const verdict = report.models[0]?.cells[0]?.verdict;
  const latency = verdict?.metrics.latency;
  if (verdict == null || latency?.low == null || latency.high === null || latency.change === null)
    throw new Error('not measured');
  found.push({ change: latency.change, low: latency.low, high: latency.high, state: verdict.state });
}
const truth = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length) - 1;
for (const { change, low, high, state } of found) {
  const holds = low <= truth && truth <= high;
  console.log(
    `truth: ${state} ${(100 * change).toFixed(1)} % (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}) ${holds ? '' : 'does not hold the truth'}`,
  );
}
const held = found.filter(({ low, high }) => low <= truth && truth <= high).length;
const regressed = found.filter(({ state }) => state === 'regressed').length;
console.log(
  `truth: ${(100 * truth).toFixed(2)} % in bare loops; ${held} of ${RUNS} intervals hold it (to reach: 18 of 20), ${regressed} of ${RUNS} regressed`,
);
