// One run of the measuring stage on a Lambda on loopback: orchestrate.ts ENDPOINT MEMORIES BATCHES. Prints a line of JSON.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderArchive } from '../../src/archive/folder.ts';
import { LOCAL_SCOPE } from '../../src/github/context.ts';
import { readInputs } from '../../src/inputs/read.ts';
import { nullLogger } from '../../src/log.ts';
import { Budget } from '../../src/measure/budget.ts';
import { modelSource } from '../../src/model/source.ts';
import { placesOf } from '../../src/stages/locate.ts';
import { measure } from '../../src/stages/measure.ts';
import type { RunPorts } from '../../src/stages/ports.ts';
import { prepare } from '../../src/stages/prepare.ts';
import { createLambdaTarget } from '../../src/target/lambda/index.ts';
import { twoModels } from '../../test/support/flow.ts';

const [endpoint = '', memory = '', batch = ''] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'ayci-bench-'));
const { signal } = new AbortController();
const placeOf = (name: string): string => `--${name}`;
const raw = { ...(await twoModels(folder)), optimizer: 'vanilla', hardware: 'x86_64', memory, batch };
const limits = { 'max-minutes': '120', 'max-calls': '1000000', 'max-spend-usd': '10000' };
const inputs = readInputs({ ...raw, ...limits, archive: join(folder, 'archive') }, placeOf);
const target = await createLambdaTarget({
  region: 'us-east-1',
  stack: 'ayci',
  endpoint,
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  logger: nullLogger,
  signal,
});
const ports: RunPorts = {
  target,
  store: folderArchive(join(folder, 'archive')),
  scope: LOCAL_SCOPE,
  models: modelSource(placeOf),
  clock: { now: () => performance.now(), date: () => new Date() },
  logger: nullLogger,
  signal,
  version: '0.1.0',
  command: 'node dist/cli.js',
  commit: null,
  baseCommit: null,
  historyBranch: null,
  region: 'us-east-1',
  notes: [],
  ownBaseline: null,
  runId: 'bench',
  scratch: join(folder, 'scratch'),
  placeOf,
};

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** The same when nothing is under way any more. */
async function settledHeap(): Promise<number> {
  for (let time = 0; time < 5; time += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    heap();
  }
  return heap();
}

const prepared = await prepare(inputs, ports);
const places = placesOf(ports);
const budget = new Budget(inputs, ports.clock.now);
const caller = {
  target,
  budget,
  signal,
  locate: places.locate,
  usdOf: () => 0,
  seen: new Map<string, Set<string>>(),
};
const cells = prepared.plan.cells.length;
const marks: { readonly at: number; readonly bytes: number }[] = [];
const begin = performance.now();
let measured: Awaited<ReturnType<typeof measure>> | null = await measure(inputs, prepared, ports, places, caller, {
  planned: () => undefined,
  sandbox: () => undefined,
  cell(index) {
    // While cells run, at a fifth and at four fifths: what grows between them is kept for each cell.
    if (index === Math.round(cells / 5) || index === Math.round((4 * cells) / 5))
      marks.push({ at: index, bytes: heap() });
  },
});
const wallMs = performance.now() - begin;
const { error, sandboxes } = measured;
const done = measured.results.filter((one) => one.status === 'measured').length;
const withResults = await settledHeap();
measured = null;
const resultBytes = (withResults - (await settledHeap())) / cells;
const [early, late] = marks;
const grown = early === undefined || late === undefined ? null : (late.bytes - early.bytes) / (late.at - early.at);
await target.close();
await ports.models.close();
await rm(folder, { recursive: true, force: true });
const rss = process.resourceUsage().maxRSS * 1024;
console.log(
  JSON.stringify({
    cells,
    measured: done,
    error: error?.message ?? null,
    sandboxes,
    calls: budget.calls,
    wallMs,
    grown,
    resultBytes,
    rss,
  }),
);
