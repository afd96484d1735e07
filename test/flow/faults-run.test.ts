import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createS3Archive } from '../../src/archive/s3/index.ts';
import { nullLogger } from '../../src/log.ts';
import { exitOf } from '../../src/run.ts';
import type { MeasureResponse } from '../../src/types/protocol.ts';
import { CELL_STATUS, type Report } from '../../src/types/report.ts';
import { stackOf } from '../support/control-plane.ts';
import { FaultLambda } from '../support/fault-lambda.ts';
import { flow, twoModels } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FAULTS, type Fault } from '../support/lambda-faults.ts';
import { targetOf } from '../support/lambda-target.ts';
import { uniform } from '../support/random.ts';
import { type S3Double, type Fault as StoreFault, startS3Double } from '../unit/archive/s3-double.ts';

// Whole runs on a Lambda and an S3 that both fail, in random mixtures: what has to be true however the faults fall.

const FUNCTIONS = stackOf(['arm64'], [512, 1769]);
const REGION = 'eu-central-1';

/** What a function itself fails of: it tells something of the model, or seems to. */
const OF_THE_FUNCTION: readonly Fault[] = ['out-of-memory', 'timeout', 'exit', 'handled'];

const STORE_FAULTS: readonly StoreFault[] = [
  { status: 503, code: 'SlowDown' },
  { status: 500, code: 'InternalError' },
  { reset: 'before' },
  { reset: 'after' },
  { cut: 20 },
];
const WRITE_FAULTS: readonly StoreFault[] = [
  { status: 409, code: 'ConditionalRequestConflict' },
  { status: 412, code: 'PreconditionFailed' },
];

interface Mixture {
  readonly report: Report;
  readonly lambda: FaultLambda;
  readonly store: S3Double;
  readonly faults: readonly Fault[];
}

function pick<T>(random: () => number, items: readonly T[]): T | null {
  return items[Math.floor(random() * items.length)] ?? null;
}

async function runMixture(seed: number, check: (mixture: Mixture) => void): Promise<void> {
  const random = uniform(seed);
  const share = random() * 0.6;
  const storeShare = random() * 0.2;
  // Waiting for answers that do not come takes long, so few mixtures have them.
  const possible = FAULTS.filter((fault) => fault !== 'silence' || seed % 100 === 0);
  const faults = possible.filter(() => random() < 0.4);
  const converts = seed % 20 === 0;
  await using folder = await temporaryFolder();
  await using store = await startS3Double({
    quotes: random() < 0.5,
    fault: ({ method, headers }) => {
      if (random() >= storeShare) return null;
      const conditional = headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
      return pick(random, method === 'PUT' && conditional ? [...STORE_FAULTS, ...WRITE_FAULTS] : STORE_FAULTS);
    },
  });
  await using lambda = await FaultLambda.start({
    functions: FUNCTIONS,
    // A conversion that is lost is waited for until the run's time is over, so its events go well or are refused.
    fault: (_, name) => (random() >= share || name.includes('convert') ? null : pick(random, faults)),
    cap: 4 + Math.floor(random() * 40),
    serviceMs: Math.floor(random() * 10),
    holdShare: 0.02,
  });
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const target = await targetOf(lambda.endpoint, { timeoutMs: 3000 });
  try {
    const archive = createS3Archive({
      bucket: 'bucket',
      prefix: 'ayci',
      region: REGION,
      endpoint: store.endpoint,
      credentials: async () => credentials,
      logger: nullLogger,
      placeOf: (name) => `--${name}`,
    });
    const models = await twoModels(folder.path);
    const optimizer = converts ? 'vanilla,onnx' : 'vanilla';
    const inputs = { ...models, optimizer, memory: '512,1769', hardware: 'arm64', archive: 's3://bucket/ayci' };
    const report = await flow(join(folder.path, 'run'), target, inputs, { store: archive });
    check({ report, lambda, store, faults });
  } finally {
    await target.close();
  }
}

interface Raw {
  readonly cells: readonly {
    readonly config: { readonly memoryMb: number };
    readonly responses: readonly MeasureResponse[];
  }[];
}

/** The raw answers that the run has kept; null where its archive did not take them. */
function rawOf(store: S3Double): Raw | null {
  const found = [...store.objects].find(([path]) => path.includes('/raw/'));
  return found === undefined ? null : (JSON.parse(gunzipSync(found[1]).toString()) as Raw);
}

/** Every answer that counts was given by a function, to this run, once, by a sandbox of its own. */
function checkAnswers({ report, lambda, store }: Mixture): void {
  const raw = rawOf(store);
  if (raw === null) {
    expect(report.error !== null || report.run.sandboxes === 0).toBe(true);
    return;
  }
  const calls = new Map(lambda.calls.map((call) => [call.nonce, call]));
  const all = raw.cells.flatMap((cell) => cell.responses);
  expect(all).toHaveLength(report.run.sandboxes);
  expect(new Set(all.map((one) => one.nonce)).size).toBe(all.length);
  for (const one of all)
    expect(calls.get(one.nonce)).toMatchObject({ ran: true, answered: true, sandbox: one.sandbox.id });
  for (const { responses } of raw.cells) {
    const subjects = (one: MeasureResponse): string =>
      one.subjects.length > 1 ? 'pair' : (one.subjects[0]?.role ?? '');
    const sandboxes = responses.map((one) => `${subjects(one)} ${one.sandbox.id}`);
    expect(new Set(sandboxes).size).toBe(sandboxes.length);
  }
}

function checkReport({ report, faults }: Mixture): void {
  const cells = report.models.flatMap((model) => model.cells);
  if (report.error === null) expect([2, 4]).toContain(cells.length);
  else expect(['target', 'archive']).toContain(report.error.code);
  for (const cell of cells) {
    expect(CELL_STATUS).toContain(cell.status);
    if (cell.status === 'measured') expect(cell.latencyMs?.samples).toBeGreaterThan(0);
    else expect(cell.reason).toMatch(/\S/);
  }
  // The models take the same time: what only the way to them suffers from is nobody's regression.
  if (!faults.some((fault) => OF_THE_FUNCTION.includes(fault))) expect(report.verdict).not.toBe('regressed');
  if (report.error !== null) expect(exitOf(report)).toBe(3);
  else if (cells.every((cell) => cell.status === 'measured') && report.verdict === 'pass')
    expect(exitOf(report)).toBe(0);
  else if (report.verdict === 'unmeasured') expect(exitOf(report)).toBe(3);
  else if (report.verdict === 'regressed') expect(exitOf(report)).toBe(1);
}

const MIXTURES = 200;
const AT_ONCE = 50;

test.each(Array.from({ length: MIXTURES / AT_ONCE }, (_, at) => at * AT_ONCE))(
  'runs %i and the 49 after it end as designed',
  async (from) => {
    const one = (seed: number): Promise<void> =>
      runMixture(seed, (mixture) => {
        checkReport(mixture);
        checkAnswers(mixture);
      });
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => one(from + at)));
  },
);
