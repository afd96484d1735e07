// TVM as AYCI compiles it against ONNX Runtime with all its optimizations: npm run bench -- tvm [SECONDS] [BATCH,...].
// Same model, inputs and process, one thread, in turns, CPU time. To reach at batch 1: each net at most 1.5 ×, together
// (geometric mean) at most 1.25 ×, compiled in at most 30 s, outputs within 1e-5 of the largest. Exit 1 where not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureFramework } from '../scripts/frameworks.mjs';
import { squeezenet } from '../src/demo/squeezenet.ts';
import { root } from './support/local.ts';

const SECONDS = process.argv[2] ?? '5';
const BATCHES = (process.argv[3] ?? '1,8').split(',');
const NETS = ['squeezenet', 'resnet18', 'resnet50', 'mobilenet-v2', 'encoder', 'bert'] as const;
const BOUNDS = { ratio: 1.5, mean: 1.25, seconds: 30, error: 1e-5, variation: 1e-3 } as const;
const BOUND_BATCH = '1';

interface Result {
  readonly tvm: number;
  readonly ort: number;
  readonly seconds: number;
  readonly error: number;
  readonly variation: number;
  readonly fallbacks: readonly string[];
}

const env = { PATH: process.env.PATH ?? '', PYTHONDONTWRITEBYTECODE: '1' };
const support = join(root, 'bench', 'support');
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));

function packagesOf(python: string): string {
  const code = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  return execFileSync(python, ['-c', code], { encoding: 'utf8' }).trim();
}

function problems(batch: string, { tvm, ort, seconds, error, variation }: Result): readonly string[] {
  const found = [
    [variation < BOUNDS.variation, 'its outputs hardly vary, so nothing is proved'],
    [error > BOUNDS.error, `its error is above ${BOUNDS.error}`],
    [seconds > BOUNDS.seconds, `it took more than ${BOUNDS.seconds} s to compile`],
    [batch === BOUND_BATCH && tvm / ort > BOUNDS.ratio, `it is above ${BOUNDS.ratio} ×`],
  ] as const;
  return found.filter(([missed]) => missed).map(([, what]) => what);
}

try {
  const python = ensureFramework('tvm-convert');
  const packages = packagesOf(ensureFramework('onnx'));
  writeFileSync(join(folder, 'squeezenet.onnx'), squeezenet(0, 224));
  const nets = [join(support, 'tvm_nets.py'), join(root, 'test', 'zoo'), folder];
  execFileSync(ensureFramework('pytorch-convert'), nets, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const missed: string[] = [];
  console.log('| net | batch | TVM ms | ONNX Runtime ms | ratio | compiled in s | error | fell back |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const batch of BATCHES) {
    const ratios: number[] = [];
    for (const net of NETS) {
      const args = [join(root, 'runtimes'), packages, join(folder, `${net}.onnx`), batch, SECONDS];
      const out = execFileSync(python, [join(support, 'tvm_against.py'), ...args], {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const result = JSON.parse(out) as Result;
      const { tvm, ort, seconds, error, fallbacks } = result;
      ratios.push(tvm / ort);
      const figures = [
        tvm.toFixed(1),
        ort.toFixed(1),
        (tvm / ort).toFixed(2),
        seconds.toFixed(1),
        error.toExponential(1),
      ];
      console.log(`| ${[net, batch, ...figures, fallbacks.join(', ') || '–'].join(' | ')} |`);
      missed.push(...problems(batch, result).map((what) => `${net}, batch ${batch}: ${what}`));
    }
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
    console.log(`tvm: batch ${batch}: geometric mean ${mean.toFixed(3)} × ONNX Runtime`);
    if (batch === BOUND_BATCH && mean > BOUNDS.mean) missed.push(`batch ${batch}: the mean is above ${BOUNDS.mean} ×`);
  }
  for (const what of missed) console.log(`tvm: missed: ${what}`);
  if (missed.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
