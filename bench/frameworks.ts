// Every framework × optimizer of the nets in test/zoo: npm run bench:frameworks -- [FRAMEWORK ...] [--net NET ...]
// [--optimizer OPTIMIZER ...] [--batch LIST] [--sandboxes N]. Prints a table: phases, latency, memory, artifact, how the
// answers agree with vanilla's. Exit 1 where one cannot be measured, or agrees less than it should.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FRAMEWORKS, OPTIMIZERS, type Optimizer } from '../src/types/config.ts';
import { OPTIMIZER_TABLE } from '../src/types/engines.ts';
import type { Agreement, Timing } from '../src/types/protocol.ts';
import { type CellOptions, type CellOutcome, openMatrix } from '../test/support/matrix.ts';
import { median } from './support/stats.ts';
import { NETS, writeZoo, type ZooModel } from './support/zoo.ts';

/** A stretch of each sandbox; nothing is compared, so there are no quads. */
const TIMING: Timing = { warmups: 3, stretchMs: 600, stretchMin: 5, blockMs: 1, minQuads: 0, quadsMs: 0 };

const { values, positionals } = parseArgs({
  options: {
    net: { type: 'string', multiple: true },
    optimizer: { type: 'string', multiple: true },
    batch: { type: 'string', default: '1,8' },
    sandboxes: { type: 'string', default: '3' },
  },
  allowPositionals: true,
});
const frameworks = FRAMEWORKS.filter((one) => positionals.length === 0 || positionals.includes(one));
const optimizers = OPTIMIZERS.filter((one) => values.optimizer?.includes(one) ?? true);
const nets = values.net ?? [...NETS];
const batches = values.batch.split(',').map(Number);
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));
await using matrix = await openMatrix();

const NOT_COMPARED: Agreement = {
  maxAbsoluteDifference: null,
  maxAbsoluteReference: 0,
  varies: false,
  problem: 'not compared',
};

type Measured = Extract<CellOutcome, { kind: 'measured' }>;

/** What a user gives where the format does not tell it: as the zoo's nets take it. */
function shapes({ net, format }: ZooModel): NonNullable<CellOptions['shapes']> {
  if (format !== 'torchscript' && format !== 'mxnet') return {};
  const tokens = { dims: [1, 64], dtype: 'int64' } as const;
  if (net === 'bert')
    return format === 'mxnet' ? { data0: tokens, data1: tokens } : { input_ids: tokens, attention_mask: tokens };
  return { [format === 'mxnet' ? 'data' : 'image']: { dims: [1, 3, 224, 224], dtype: 'float32' } };
}

function figure(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(3)));
}

function agreementText(optimizer: Optimizer, agreement: Agreement | null): string {
  if (optimizer === 'vanilla') return 'reference';
  const { maxAbsoluteDifference, maxAbsoluteReference, varies, problem } = agreement ?? NOT_COMPARED;
  const by = (maxAbsoluteDifference ?? Number.NaN) / maxAbsoluteReference;
  const isRight =
    problem === null && varies && by <= (OPTIMIZER_TABLE[optimizer].tolerance ?? Number.POSITIVE_INFINITY);
  if (!isRight) process.exitCode = 1;
  return problem ?? (varies ? by.toExponential(1) : 'does not vary');
}

function row(optimizer: Optimizer, cells: readonly Measured[]): string {
  const subjects = cells.flatMap((cell) => cell.response.subjects);
  const samples = subjects.flatMap((one) => one.stretch.samplesMs);
  const of = (read: (subject: (typeof subjects)[number]) => number): number => median(subjects.map(read));
  const [first] = cells;
  return [
    figure(median(samples)),
    figure(samples.reduce((sum, one) => sum + one, 0) / samples.length),
    figure(first?.optimizeMs ?? null),
    figure(first?.compileMs ?? null),
    figure(median(cells.map((cell) => cell.response.importMs))),
    figure(of((one) => one.loadMs)),
    figure(of((one) => one.firstMs)),
    figure(of((one) => one.peakMb ?? Number.NaN)),
    figure((first?.bytes ?? Number.NaN) / 2 ** 20),
    agreementText(optimizer, subjects[0]?.agreement ?? null),
  ].join(' | ');
}

/** The cell in as many sandboxes as asked for, or why there is none. */
async function measured(model: ZooModel, optimizer: Optimizer, batch: number): Promise<string> {
  const loaded = await matrix.load(model.path);
  const cells: Measured[] = [];
  for (let sandbox = 0; sandbox < Number(values.sandboxes); sandbox += 1) {
    const cell = await matrix.cell(loaded, { optimizer, batch, shapes: shapes(model), timing: TIMING });
    if (cell.kind === 'none') return cell.why;
    if (cell.kind === 'failed') {
      process.exitCode = 1;
      return `${cell.failure.code}: ${cell.failure.message.replaceAll('|', '/').slice(0, 200)}`;
    }
    cells.push(cell);
  }
  return row(optimizer, cells);
}

console.log(
  '| net | format | optimizer | batch | p50 ms | mean ms | optimize ms | compile ms | import ms | load ms | first ms | peak MB | artifact MB | against vanilla |',
);
console.log(`|${'---|'.repeat(14)}`);
for (const framework of frameworks) {
  for (const model of writeZoo(folder, framework, nets)) {
    for (const optimizer of optimizers) {
      for (const batch of batches) {
        console.log(
          `| ${[model.net, model.format, optimizer, batch, await measured(model, optimizer, batch)].join(' | ')} |`,
        );
      }
    }
  }
}
rmSync(folder, { recursive: true, force: true });
