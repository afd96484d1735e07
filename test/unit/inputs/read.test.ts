import { describe, expect, it } from 'vitest';
import { AyciError, explain } from '../../../src/errors.ts';
import { fromArguments } from '../../../src/inputs/from-argv.ts';
import { fromEnvironment } from '../../../src/inputs/from-env.ts';
import { readInputs } from '../../../src/inputs/read.ts';
import type { RawInputs } from '../../../src/inputs/table.ts';

const read = (raw: RawInputs) => readInputs({ model: 'm.onnx', ...raw }, (name) => `--${name}`);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof AyciError) {
      expect(thrown.code).toBe('bad-input');
      return explain(thrown);
    }
    throw thrown;
  }
  throw new Error('it was accepted');
}

describe('defaults', () => {
  it('are those of the design', () => {
    expect(read({})).toMatchObject({
      hardware: null,
      optimizers: ['onnx'],
      memoriesMb: [1769],
      batches: [1],
      thresholds: { latency: 0.05, cost: 0.05, memory: null, coldStart: null },
      failOn: ['regressed', 'unmeasured'],
      maxMinutes: 10,
      archive: null,
      reportDir: 'ayci-report',
    });
  });
});

describe('what is refused, and what the message says', () => {
  const cases: readonly [string, RawInputs, readonly string[]][] = [
    ['a missing model', { model: '' }, ['--model', 'missing']],
    ['memory below 128', { memory: '127' }, ['--memory', '"127"', '128 to 10240']],
    ['memory that is no number', { memory: 'abc' }, ['--memory', '"abc"', '128 to 10240']],
    ['memory as 1e3', { memory: '1e3' }, ['--memory', '"1e3"', 'plain digits']],
    ['an empty list', { memory: ' ' }, ['--memory', 'empty']],
    ['an empty item', { memory: '512,,1769' }, ['--memory', 'empty item']],
    ['an item twice', { batch: '1,1' }, ['--batch', 'twice']],
    ['batch 0', { batch: '0' }, ['--batch', '"0"']],
    ['a negative batch', { batch: '-1' }, ['--batch', '"-1"']],
    ['an unknown optimizer', { optimizer: 'tensorrt' }, ['--optimizer', '"tensorrt"', 'vanilla, onnx']],
    ['an unknown hardware', { hardware: 'amd64' }, ['--hardware', '"amd64"', 'x86_64, arm64']],
    ['a limit without %', { 'max-latency-regression': '5' }, ['would mean 500 %', 'Write 5%']],
    ['a limit of 0 %', { 'max-cost-regression': '0%' }, ['--max-cost-regression', '0%']],
    ['a limit in words', { 'max-memory-regression': 'five percent' }, ['--max-memory-regression', 'percentage']],
    ['an unknown fail-on', { 'fail-on': 'slow' }, ['--fail-on', '"slow"', 'never']],
    ['a shape of a negative dimension', { 'input-shape': 'x=-1x3' }, ['--input-shape', 'whole number']],
    ['a shape of 0', { 'input-shape': 'x=0x3' }, ['--input-shape', 'dimension of 0']],
    ['an absurd shape', { 'input-shape': 'x=9999999x3' }, ['--input-shape', '9999999']],
    ['a shape beyond memory', { 'input-shape': 'x=1000000x1000000' }, ['2^31']],
    ['a shape without a name', { 'input-shape': '1x3' }, ['NAME=value']],
    [
      'a shape of an unknown type',
      { 'input-shape': 'x=1x3:float' },
      ['unknown element type "float"', 'Types: float32'],
    ],
    ['a shape of two types', { 'input-shape': 'x=1x3:int8:int8' }, ['element type "int8:int8"']],
    ['an empty range', { 'input-range': 'x=5:5' }, ['empty range']],
    ['a range in words', { 'input-range': 'x=a:b' }, ['LOW:HIGH']],
    ['data without @', { input: 'x=file.npy' }, ['with @']],
    ['data and range for one input', { input: 'x=@a.npy', 'input-range': 'x=0:1' }, ['range as well']],
    ['a git ref that is an option', { baseline: 'git:--upload-pack=x' }, ['--baseline', 'git ref']],
    ['a wrong key', { baseline: 'key:abc' }, ['model key']],
    ['too many minutes', { 'max-minutes': '1000' }, ['--max-minutes', '360']],
  ];
  it.each(cases)('%s', (_name, raw, parts) => {
    const message = refusal(() => read(raw));
    for (const part of parts) expect(message).toContain(part);
    expect(message).not.toContain('\n');
  });

  it('shows a hostile value in one harmless line', () => {
    const message = refusal(() => read({ memory: 'a\n::error::x\u0007' }));
    expect(message).toContain('a\\n::error::x\\u0007');
  });
});

describe('the command line', () => {
  it('takes values with = and behind a blank, and several shapes', () => {
    const { raw, flags } = fromArguments([
      '--model=a b.onnx',
      '--memory',
      '512',
      '--input-shape',
      'x=1x2',
      '--input-shape',
      'y=3',
      '--json',
    ]);
    expect(raw).toEqual({ model: 'a b.onnx', memory: '512', 'input-shape': 'x=1x2\ny=3' });
    expect([...flags]).toEqual(['json']);
  });

  it('names the nearest option for a misspelt one', () => {
    expect(refusal(() => fromArguments(['--modle', 'x']))).toContain('Did you mean --model?');
  });

  it('refuses an option twice, one without a value and a flag with one', () => {
    expect(refusal(() => fromArguments(['--memory', '512', '--memory', '1024']))).toContain('given twice');
    expect(refusal(() => fromArguments(['--memory']))).toContain('has no value');
    expect(refusal(() => fromArguments(['--json=yes']))).toContain('takes no value');
  });
});

describe('a shape', () => {
  it('has sizes, and a type where one is given', () => {
    expect(read({ 'input-shape': 'x=1x3\nids:0=1x128:int64\n__proto__=2' }).overrides.shapes).toEqual(
      Object.fromEntries([
        ['x', { dims: [1, 3], dtype: null }],
        ['ids:0', { dims: [1, 128], dtype: 'int64' }],
        ['__proto__', { dims: [2], dtype: null }],
      ]),
    );
  });
});

describe("the action's environment", () => {
  it('takes what is set, and an empty one as not given', () => {
    expect(
      fromEnvironment({ INPUT_MODEL: 'm.onnx', 'INPUT_MAX-MINUTES': '3', INPUT_BASELINE: '', HOME: '/x' }),
    ).toEqual({
      model: 'm.onnx',
      'max-minutes': '3',
    });
  });

  it('refuses an input that was misspelt', () => {
    expect(refusal(() => fromEnvironment({ 'INPUT_MAX-LATENCY-REGRESION': '5%' }))).toContain(
      'Did you mean max-latency-regression?',
    );
  });
});
