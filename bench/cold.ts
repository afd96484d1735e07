// The first request of a cold sandbox against a bare script that does the same: a process that imports the engine and
// Lambda's client, loads the model, makes the inputs and runs once: npm run bench -- cold [ENGINE ...] [--turns N]. In
// turns; prints the ratio of medians (to reach: <= 1.15). AYCI's part: init by its REPORT, fetch, load, first inference.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureFramework } from '../scripts/frameworks.mjs';
import { RUNTIME_NAMES } from '../src/types/config.ts';
import { openMatrix } from '../test/support/matrix.ts';
import { type Subject, subjects } from './support/engines.ts';
import { root } from './support/local.ts';
import { median } from './support/stats.ts';

const LIMIT = 1.15;
const { values, positionals } = parseArgs({
  options: { turns: { type: 'string', default: '9' } },
  allowPositionals: true,
});
const engines = RUNTIME_NAMES.filter((one) => positionals.length === 0 || positionals.includes(one));
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
const script = join(root, 'bench', 'support', 'bare_first.py');
const IMAGE = { dtype: 'float32', dims: [1, 3, 224, 224] } as const;

await using matrix = await openMatrix();

/** One cold sandbox: ms until its first inference has ended. */
async function ours(subject: Subject): Promise<{ readonly ms: number; readonly inputs: readonly string[] }> {
  const model = await matrix.load(subject.model);
  const shapes = model.framework === 'mxnet' ? { data: IMAGE } : {};
  const cell = await matrix.cell(model, { optimizer: subject.optimizer, shapes });
  if (cell.kind !== 'measured') throw new Error(JSON.stringify(cell));
  const [one] = cell.response.subjects;
  if (one === undefined) throw new Error('no subject');
  return {
    ms: cell.initMs + one.fetchMs + one.loadMs + one.firstMs,
    inputs: cell.inputs.map(({ name, dtype, shape }) => `${name}=${dtype}:${shape.join('x')}`),
  };
}

function bare(python: string, engine: string, { file }: Subject, inputs: readonly string[]): number {
  const begin = performance.now();
  const env = {
    PATH: process.env.PATH ?? '',
    PYTHONPATH: join(root, 'runtimes', engine),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  execFileSync(python, [script, engine, file, ...inputs], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return performance.now() - begin;
}

let worst = 0;
for (const engine of engines) {
  const python = ensureFramework(engine);
  for (const subject of await subjects(engine, folder)) {
    const times = { ours: [] as number[], bare: [] as number[] };
    // The first turn reads files from the disk.
    for (let turn = 0; turn <= Number(values.turns); turn += 1) {
      const one = await ours(subject);
      const other = bare(python, engine, subject, one.inputs);
      if (turn === 0) continue;
      times.ours.push(one.ms);
      times.bare.push(other);
    }
    const [own, script] = [median(times.ours), median(times.bare)];
    worst = Math.max(worst, own / script);
    console.log(
      `cold: ${engine}, ${subject.name}: AYCI ${own.toFixed(0)} ms, bare script ${script.toFixed(0)} ms, ${(own / script).toFixed(3)} x, ${values.turns} turns`,
    );
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`cold: the worst is ${worst.toFixed(3)} x (to reach: ${LIMIT})`);
process.exitCode = worst > LIMIT ? 1 : 0;
