import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { configSchema } from '../../../src/config/schema.ts';
import { ROOT } from '../../support/program.ts';
import { read, refusal } from './make.ts';

const ajv = new Ajv2020.default({ strict: true, strictRequired: false, strictTypes: false, allErrors: false });
formats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(`${ROOT}docs/config.schema.json`, 'utf8')));

async function accepted(value: unknown): Promise<boolean> {
  return refusal(stringify(value)).then(
    () => false,
    (thrown: Error) => {
      if (thrown.message === 'it was accepted') return true;
      throw thrown;
    },
  );
}

/** Right and wrong values of each setting, as somebody might write them. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  memory: [
    128,
    127,
    10_240,
    10_241,
    512.5,
    '885,1769',
    ' 885 , 1769 ',
    '885,885',
    '885,',
    '64',
    [512, 1769],
    [512, 512],
    ['512'],
    [],
    null,
    true,
    '1e3',
  ],
  batch: [1, 0, 4096, 4097, -1, '1,8', '4096,1', '0', [1, 8, 32], [1.5], {}],
  hardware: [
    'x86_64',
    'arm64, x86_64',
    'arm64,arm64',
    'amd64',
    ['x86_64'],
    ['x86_64', 'arm64'],
    ['x86_64,arm64'],
    [' arm64'],
    [],
    64,
  ],
  optimizer: ['onnx', 'vanilla,onnx', 'tvm', ['vanilla', 'onnx'], ['onnx', 'onnx'], ''],
  baseline: [
    'git:main',
    'git:HEAD~1',
    'git:-x',
    'git:a b',
    'git:',
    'key:abc',
    `key:${'0f'.repeat(32)}-12`,
    'archive:main',
    'archive:a:b',
    `archive:${'a'.repeat(201)}`,
    'old.onnx',
    '../old.onnx',
    '',
    ' ',
    5,
    'a\nb',
  ],
  'input-shape': [
    {},
    { x: '1x3x224x224' },
    { x: '1x0' },
    { x: '1000001' },
    { x: '1x' },
    { x: '1x128:int64' },
    { x: '1:float' },
    { x: '1x3:int64:int64' },
    { x: '1x3:' },
    { x: 128 },
    { '': '1' },
    { 'a=b': '2x2' },
    { x: null },
    'x=1',
    ['x=1'],
    { constructor: '3' },
  ],
  'input-range': [{ x: '0:1' }, { x: '-1.5:2' }, { x: '0' }, { x: 'a:b' }, { x: '0:1', y: '+0:9' }, { x: [0, 1] }],
  input: [{ x: '@a.npy' }, { x: 'a.npy' }, { x: '@' }, { x: '@a=b' }, { z: '@b c.npy' }],
  'max-latency-regression': [
    '5%',
    '2.5 %',
    'none',
    ' none ',
    '0%',
    '0.00%',
    '1000%',
    '1000.1%',
    '1001%',
    '5',
    5,
    0.05,
    '5 percent',
    '-5%',
    '05%',
    null,
  ],
  'max-cost-regression': ['0.0001%', '0.00001%', '9999%', '999.9999%'],
  'max-memory-regression': ['10%', '10%%', '%', '1,5%'],
  'max-cold-start-regression': ['20%', 'never', '1e1%'],
  'max-output-difference': ['1%', false],
  'gate-on': ['cells', 'best', 'Best', ' best ', 'both', 1],
  'max-p99-ms': [20, 0.5, 0, -1, 900_000, 900_001, 'none', '20', ' none', null],
  'max-cost-per-million-usd': [1.5, 1_000_000, 1_000_001, 'none', '1.50 USD'],
  'output-tolerance': [
    '0.1%',
    '0.1',
    0.001,
    'none',
    { 'onnx-int8': '5%', tvm: 'none' },
    {},
    { vanilla: '5%' },
    { tvm: 5 },
    { tvm: null },
    { tvm: ['5%'] },
  ],
  weights: [
    { latency: 2, cost: 1 },
    { latency: 0, cost: 0 },
    { latency: 0, cost: 1 },
    { latency: 1 },
    { latency: 1, cost: 1, x: 1 },
    { latency: -1, cost: 2 },
    { latency: 1001, cost: 1 },
    { latency: '1', cost: 1 },
    'balanced',
  ],
  memroy: [512],
  path: ['b.onnx'],
};

const PATHS: readonly unknown[] = [
  'a.onnx',
  'm/a b.onnx',
  './a.onnx',
  '/a.onnx',
  '../a.onnx',
  'm/../a.onnx',
  '..a/b..onnx',
  'm\\a.onnx',
  '',
  ' ',
  5,
  null,
  'a'.repeat(512),
  'a'.repeat(513),
  'ü/模型.onnx',
  'a\tb',
];

const WAIVER = { model: 'a.onnx', metric: 'latency', 'up-to': '20%', expires: '2026-12-24', reason: 'known' };
const WAIVER_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  model: ['m/*', '/a', '../*', undefined],
  metric: ['cost', 'cold-start', 'coldStart', 'speed', 'runs', undefined],
  'up-to': ['none', '20', 20, '0%', '1000%', undefined],
  expires: ['2026-02-28', '2026-02-29', '2026-13-01', '24.12.2026', 20_261_224, undefined],
  reason: ['', ' ', 'a\nb', 'x'.repeat(500), 'x'.repeat(501), 5, undefined],
  note: ['x'],
};

const TOP: Readonly<Record<string, readonly unknown[]>> = {
  models: [[], 'a.onnx', null, {}, [['a.onnx']], [{}], [{ path: 'a.onnx' }], undefined],
  defaults: [{}, null, [], { path: 'a.onnx' }],
  'fail-on': [
    'never',
    'regressed, unmeasured',
    'never,regressed',
    ['regressed'],
    ['never'],
    ['regressed', 'regressed'],
    [],
    'slower',
  ],
  'only-changed': [true, false, 'yes', 1, null],
  waivers: [[], null, {}, [null]],
  'max-minutes': [5],
  model: ['a.onnx'],
};

/** Whether schema and reader agree; both are asked. */
async function both(value: unknown): Promise<{ readonly schema: boolean; readonly reader: boolean }> {
  // As an editor sees it: what YAML makes of the text.
  return { schema: validate(parse(stringify(value))), reader: await accepted(value) };
}

describe('docs/config.schema.json', () => {
  it('is made from the table', () => {
    expect(JSON.parse(readFileSync(`${ROOT}docs/config.schema.json`, 'utf8'))).toEqual(configSchema());
  });

  const models = Object.entries(VALUES).flatMap(([name, values]) => values.map((value) => ({ name, value })));
  it.each(models)('agrees with the reader on $name: $value', async ({ name, value }) => {
    const own = await both({ models: [{ path: 'a.onnx', [name]: value }] });
    expect(own.schema).toBe(own.reader);
    const defaults = await both({ defaults: { [name]: value }, models: ['a.onnx'] });
    expect(defaults.schema).toBe(defaults.reader);
  });

  it('each setting has values that both take and values that both refuse', async () => {
    for (const [name, values] of Object.entries(VALUES)) {
      if (['memroy', 'path', 'max-cold-start-regression', 'max-cost-regression'].includes(name)) continue;
      const answers = await Promise.all(
        values.map((value) => accepted({ models: [{ path: 'a.onnx', [name]: value }] })),
      );
      expect([name, ...new Set(answers)].sort()).toEqual([false, name, true].sort());
    }
  });

  it.each(PATHS.map((path) => ({ path })))('agrees with the reader on the path $path', async ({ path }) => {
    const answer = await both({ models: [{ path }] });
    expect(answer.schema).toBe(answer.reader);
    const alone = await both({ models: [path] });
    expect(alone.schema).toBe(alone.reader);
  });

  const waivers = Object.entries(WAIVER_VALUES).flatMap(([name, values]) => values.map((value) => ({ name, value })));
  it.each(waivers)('agrees with the reader on a waiver with $name: $value', async ({ name, value }) => {
    const { [name]: _gone, ...rest } = WAIVER as Record<string, unknown>;
    const waiver = value === undefined ? rest : { ...rest, [name]: value };
    const answer = await both({ models: ['a.onnx'], waivers: [waiver] });
    expect(answer.schema).toBe(answer.reader);
    const { 'up-to': _size, ...sizeless } = waiver as Record<string, unknown>;
    const other = await both({ models: ['a.onnx'], waivers: [{ ...sizeless, metric: 'runs' }] });
    expect(other.schema).toBe(other.reader);
  });

  const top = Object.entries(TOP).flatMap(([name, values]) => values.map((value) => ({ name, value })));
  it.each(top)('agrees with the reader on $name: $value at the top', async ({ name, value }) => {
    const file: Record<string, unknown> = { models: ['a.onnx'], [name]: value };
    if (value === undefined) delete file[name];
    const answer = await both(file);
    expect(answer.schema).toBe(answer.reader);
  });

  it('agrees with the reader on any of these together', async () => {
    const oneOf = (values: readonly unknown[]) => fc.constantFrom(...values);
    const settings = fc.record(
      Object.fromEntries(Object.entries(VALUES).map(([name, values]) => [name, oneOf(values)])),
      { requiredKeys: [] },
    );
    // A file and a range for one input is refused by the reader alone.
    const file = fc.record(
      {
        models: fc.constant(['a.onnx', { path: 'c.onnx', batch: [2] }]),
        defaults: settings,
        'fail-on': oneOf(['never', ['inconclusive'], 'x']),
      },
      { requiredKeys: ['models'] },
    );
    await fc.assert(
      fc.asyncProperty(file, async (value) => {
        const { defaults } = value as { defaults?: { input?: object; 'input-range'?: object } };
        fc.pre(defaults?.input === undefined || defaults['input-range'] === undefined);
        const answer = await both(value);
        expect(answer.schema).toBe(answer.reader);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with the reader on percentages and sizes of any form', async () => {
    const digits = fc.stringMatching(/^[0-9.,% xn:one-]{0,9}$/);
    await fc.assert(
      fc.asyncProperty(digits, fc.constantFrom('max-latency-regression', 'memory', 'batch'), async (value, name) => {
        // Zeros before a size: the reader takes them, the schema does not.
        fc.pre(name === 'max-latency-regression' || !/(^|[, ])0\d/.test(value));
        const answer = await both({ models: [{ path: 'a.onnx', [name]: value }] });
        expect(answer.schema).toBe(answer.reader);
      }),
      { numRuns: 500 },
    );
  });

  it('and the example is what both take', async () => {
    const example = parse(readFileSync(`${ROOT}examples/config/ayci.yml`, 'utf8'));
    expect(validate(example)).toBe(true);
    await expect(read(stringify({ ...example, models: ['a.onnx'] }))).resolves.toMatchObject({ onlyChanged: true });
  });
});
