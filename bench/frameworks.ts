// Every framework × optimizer of the nets in test/zoo: npm run bench -- frameworks [FRAMEWORK ...] [--net NET ...]
// [--batch LIST]. Prints a table: phases, latency, memory, artifact, how the answers agree with vanilla's.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FRAMEWORKS, OPTIMIZERS } from '../src/types/config.ts';
import type { CellReport, Report } from '../src/types/report.ts';
import { root } from './support/local.ts';
import { NETS, writeZoo, type ZooModel } from './support/zoo.ts';

const { values, positionals } = parseArgs({
  options: { net: { type: 'string', multiple: true }, batch: { type: 'string', default: '1,8' } },
  allowPositionals: true,
});
const frameworks = FRAMEWORKS.filter((one) => positionals.length === 0 || positionals.includes(one));
const nets = values.net ?? [...NETS];
const folder = mkdtempSync(join(tmpdir(), 'ayci-bench-'));

/** What a user gives where the format does not tell it: as the zoo's nets take it. */
function shapes({ net, format }: ZooModel): readonly string[] {
  if (format !== 'torchscript' && format !== 'mxnet') return [];
  if (net === 'bert')
    return ['input_ids=1x64:int64', 'attention_mask=1x64:int64'].flatMap((one) => ['--input-shape', one]);
  return ['--input-shape', `${format === 'mxnet' ? 'data' : 'image'}=1x3x224x224:float32`];
}

function measure(model: ZooModel): Report | null {
  const reports = join(folder, 'reports');
  const args = [
    join(root, 'src', 'cli.ts'),
    ...['run', '--model', model.path, '--target', 'local', '--optimizer', OPTIMIZERS.join(',')],
    ...['--batch', values.batch, '--archive', join(folder, 'archive'), '--report-dir', reports, '--max-minutes', '120'],
    ...shapes(model),
  ];
  const done = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.status !== 0 && done.status !== 3) {
    console.log(`${model.net} ${model.format}: ${(done.stderr ?? '').trim().split('\n').at(-1)}`);
    return null;
  }
  return JSON.parse(readFileSync(join(reports, 'report.json'), 'utf8')) as Report;
}

const figure = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? '–' : String(Number(value.toPrecision(digits)));

function agreement({ config, output }: CellReport): string {
  if (config.optimizer === 'vanilla') return 'reference';
  if (output === null) return 'not compared';
  const by = output.relativeDifference === null ? '' : output.relativeDifference.toExponential(1);
  return output.equivalent
    ? by
    : `${by} not as vanilla${output.problem === null ? '' : `: ${output.problem.slice(0, 60)}`}`;
}

function row(model: ZooModel, cell: CellReport): string {
  const { config, latencyMs, phasesMs: phases, memoryMb, artifact } = cell;
  const name = `${model.net} | ${model.format} | ${config.optimizer} | ${config.batch}`;
  if (latencyMs === null) return `| ${name} | ${(cell.reason ?? '').replaceAll('|', '/').slice(0, 160)} |`;
  const times = [phases?.optimize, phases?.compile, phases?.import, phases?.load, phases?.first];
  return `| ${name} | ${[
    figure(latencyMs.p50),
    figure(latencyMs.mean),
    ...times.map((one) => figure(one)),
    figure(memoryMb?.peak),
    figure(artifact === null ? null : artifact.bytes / 2 ** 20),
    agreement(cell),
  ].join(' | ')} |`;
}

console.log(
  '| net | format | optimizer | batch | p50 ms | mean ms | optimize ms | compile ms | import ms | load ms | first ms | peak MB | artifact MB | against vanilla |',
);
console.log(`|${'---|'.repeat(14)}`);
let missing = 0;
for (const framework of frameworks) {
  for (const model of writeZoo(folder, framework, nets)) {
    const report = measure(model);
    if (report === null) missing += 1;
    for (const cell of report?.models[0]?.cells ?? []) console.log(row(model, cell));
  }
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = missing > 0 ? 1 : 0;
