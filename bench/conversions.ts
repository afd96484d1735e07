// What a conversion takes, cold, against the tool's own command line, a bare script where it has none:
// npm run bench -- conversions.
// In turns, each in a process of its own, with all that it imports; prints the ratio of medians (to reach: <= 1.1).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureFramework, frameworkNames } from '../scripts/frameworks.mjs';
import { squeezenet } from '../src/demo/squeezenet.ts';
import { type Asked, coldConversion } from './support/cold-conversion.ts';
import { root } from './support/local.ts';
import { median } from './support/stats.ts';
import { writeZoo } from './support/zoo.ts';

const TIMES = Number(process.argv[2] ?? 5);
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const bare = join(root, 'bench', 'support', 'bare_convert.py');

interface Compared extends Asked {
  /** The tool's environment, where AYCI converts in one that holds less. */
  readonly toolEnvironment?: string;
  /** Arguments of the tool's Python. */
  readonly tool: (target: string) => readonly string[];
  readonly words: string;
}

const onnx = join(folder, 'squeezenet.onnx');
writeFileSync(onnx, squeezenet(0, 224));
const of = (framework: 'pytorch' | 'tensorflow', format: string): string => {
  const found = writeZoo(folder, framework, ['resnet18']).find((one) => one.format === format);
  if (found === undefined) throw new Error(`no ${format}`);
  return found.path;
};
const exported = of('pytorch', 'pt2');
const saved = of('tensorflow', 'savedmodel');

const COMPARED: readonly Compared[] = [
  {
    runtime: 'onnx',
    optimizer: 'onnx',
    model: onnx,
    light: true,
    toolEnvironment: 'onnx-convert',
    words: 'python -m onnxruntime.tools.optimize_onnx_model',
    tool: (target) => [
      ...['-m', 'onnxruntime.tools.optimize_onnx_model', '--opt_level', 'extended'],
      ...[onnx, `${target}.onnx`],
    ],
  },
  {
    runtime: 'openvino',
    optimizer: 'openvino',
    model: onnx,
    words: 'ovc',
    tool: (target) => ['-m', 'openvino.tools.ovc', onnx, '--output_model', target, '--compress_to_fp16=False'],
  },
  {
    runtime: 'pytorch',
    optimizer: 'onnx',
    model: exported,
    words: 'torch.onnx.export, a bare script',
    tool: (target) => [bare, exported, `${target}.onnx`],
  },
  {
    runtime: 'tensorflow',
    optimizer: 'onnx',
    model: saved,
    words: 'python -m tf2onnx.convert',
    tool: (target) => ['-m', 'tf2onnx.convert', '--saved-model', saved, '--output', `${target}.onnx`, '--opset', '18'],
  },
];

/** The environment in which a runtime converts. */
function converterPython({ runtime, light }: Asked): string {
  const own = `${runtime}-convert`;
  return ensureFramework(light === undefined && frameworkNames().includes(own) ? own : runtime);
}

let worst = 0;
for (const { words, tool, toolEnvironment, ...asked } of COMPARED) {
  const python = converterPython(asked);
  const toolPython = toolEnvironment === undefined ? python : ensureFramework(toolEnvironment);
  const tools: number[] = [];
  const ours: number[] = [];
  // The first of each reads its files from the disk.
  for (let turn = 0; turn <= TIMES; turn += 1) {
    const begin = performance.now();
    execFileSync(toolPython, [...tool(join(folder, `tool-${turn}`))], { stdio: 'ignore' });
    const took = performance.now() - begin;
    const own = await coldConversion(asked, python);
    if (turn === 0) continue;
    tools.push(took);
    ours.push(own);
  }
  const ratio = median(ours) / median(tools);
  worst = Math.max(worst, ratio);
  console.log(
    `conversions: ${words}: AYCI ${(median(ours) / 1000).toFixed(2)} s, the tool ${(median(tools) / 1000).toFixed(2)} s, ${ratio.toFixed(3)} x, ${TIMES} turns`,
  );
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = worst > 1.1 ? 1 : 0;
