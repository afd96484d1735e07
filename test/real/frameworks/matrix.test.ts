import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeZoo, type ZooModel } from '../../../bench/support/zoo.ts';
import { FRAMEWORKS, OPTIMIZERS } from '../../../src/types/config.ts';
import { OPTIMIZER_TABLE } from '../../../src/types/engines.ts';
import type { Model } from '../../../src/types/model.ts';
import { type CellOptions, openMatrix } from '../../support/matrix.ts';

// Every framework by every optimizer, with real converters and real runtimes on the embedded Lambda. The larger nets are
// those of `npm run bench -- frameworks`.

let folder: string;
let matrix: Awaited<ReturnType<typeof openMatrix>>;
const models = new Map<string, ZooModel>();

/** What the format does not tell of the zoo's small net. */
const SHAPES: Readonly<Record<string, CellOptions['shapes']>> = {
  torchscript: { image: { dims: [1, 3, 32, 32], dtype: 'float32' } },
  mxnet: { data: { dims: [1, 3, 32, 32], dtype: 'float32' } },
};
const FORMATS = ['onnx', 'pt2', 'torchscript', 'savedmodel', 'mxnet'] as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ayci-zoo-'));
  for (const framework of FRAMEWORKS)
    for (const model of writeZoo(folder, framework, ['small'])) models.set(model.format, model);
  matrix = await openMatrix();
}, 1_800_000);

afterAll(async () => {
  await matrix?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function load(format: string): Promise<Model> {
  const found = models.get(format);
  if (found === undefined) throw new Error(`no ${format} in the zoo`);
  return matrix.load(found.path);
}

const NONE: Readonly<Record<string, RegExp>> = {
  'onnx onnx+tvm': /for an ONNX model this is tvm/,
  'mxnet tvm': /use onnx\+tvm/,
};

describe.each(FORMATS)('the small net as %s', (format) => {
  it.each(OPTIMIZERS.flatMap((optimizer) => [1, 8].map((batch) => ({ optimizer, batch }))))(
    '$optimizer, batch $batch',
    { timeout: 600_000 },
    async ({ optimizer, batch }) => {
      const options = { optimizer, batch, shapes: SHAPES[format] ?? {} };
      const outcome = await matrix.cell(await load(format), options);
      const none = NONE[`${format} ${optimizer}`];
      if (none !== undefined) {
        expect(outcome).toEqual({ kind: 'none', why: expect.stringMatching(none) });
        return;
      }
      if (outcome.kind !== 'measured') throw new Error(JSON.stringify(outcome));
      const [subject] = outcome.response.subjects;
      expect(subject?.outputs.length).toBeGreaterThan(0);
      expect(subject?.outputs[0]?.shape[0]).toBe(batch);
      expect(outcome.bytes).toBeGreaterThan(0);
      if (optimizer === 'vanilla') return;
      expect(subject?.agreement).toMatchObject({ problem: null, varies: true });
      const { maxAbsoluteDifference, maxAbsoluteReference } = subject?.agreement ?? {};
      const by = (maxAbsoluteDifference ?? Number.NaN) / (maxAbsoluteReference ?? Number.NaN);
      // Eight bits answer otherwise, but not wildly.
      expect(by).toBeLessThanOrEqual(OPTIMIZER_TABLE[optimizer].tolerance ?? 0.3);
      if (OPTIMIZER_TABLE[optimizer].tolerance === null) expect(by).toBeGreaterThan(0);
    },
  );
});

it('a second time nothing is converted', { timeout: 120_000 }, async () => {
  const model = await load('pt2');
  expect(await matrix.cell(model, { optimizer: 'openvino' })).toMatchObject({ kind: 'measured' });
  const before = matrix.calls;
  expect(await matrix.cell(model, { optimizer: 'openvino' })).toMatchObject({ kind: 'measured' });
  expect(matrix.calls - before).toBe(1);
});

it.each([
  { format: 'pt2', optimizer: 'vanilla', memoryMb: 128 },
  { format: 'torchscript', optimizer: 'vanilla', memoryMb: 128 },
  { format: 'savedmodel', optimizer: 'vanilla', memoryMb: 128 },
  { format: 'savedmodel', optimizer: 'vanilla', memoryMb: 200 },
  { format: 'mxnet', optimizer: 'vanilla', memoryMb: 128 },
  { format: 'mxnet', optimizer: 'vanilla', memoryMb: 240 },
  // These engines are small: it is the inference that does not fit.
  { format: 'onnx', optimizer: 'tvm', memoryMb: 128, batch: 2048 },
  { format: 'onnx', optimizer: 'openvino', memoryMb: 128, batch: 2048 },
] as const)(
  '$format by $optimizer in $memoryMb MB, less than it takes, is out of memory, whatever its engine says of it',
  { timeout: 300_000 },
  async ({ format, ...cell }) => {
    const options = { ...cell, shapes: SHAPES[format] ?? {} };
    const outcome = await matrix.cell(await load(format), options);
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'out-of-memory' } });
  },
);
