import { expect, it } from 'vitest';
import { conversionsOf } from '../../../src/plan/conversions.ts';
import type { Framework, Optimizer } from '../../../src/types/config.ts';
import type { Model } from '../../../src/types/model.ts';
import type { PlannedCell } from '../../../src/types/plan.ts';

const model = (framework: Framework): Model => ({
  path: 'm',
  framework,
  key: `${'a'.repeat(64)}-10`,
  entry: 'model',
  files: [],
  signature: { inputs: [], outputs: [] },
  operators: {},
  parameters: 0,
  opsets: {},
});

const cell = (optimizer: Optimizer, batch = 1, memoryMb = 1769, more: Partial<PlannedCell> = {}): PlannedCell => ({
  config: { hardware: 'x86_64', optimizer, memoryMb, batch },
  threads: memoryMb > 1769 ? 2 : 1,
  candidateInputs: [],
  baselineInputs: [],
  known: null,
  impossible: null,
  ...more,
});

const count = (framework: Framework, ...cells: readonly PlannedCell[]): number =>
  conversionsOf({ candidate: model(framework), baseline: null, cells });

it('what is served as it is takes none', () => {
  expect(count('onnx', cell('vanilla'), cell('vanilla', 8))).toBe(0);
});

it('a graph is optimized once, for all batch sizes and memories', () => {
  expect(count('onnx', cell('onnx'), cell('onnx', 8), cell('onnx', 1, 3538))).toBe(1);
});

it('TVM compiles for each batch size and number of threads, and the model itself is asked what it answers', () => {
  expect(count('onnx', cell('tvm'))).toBe(1 + 1);
  expect(count('onnx', cell('tvm'), cell('tvm', 8))).toBe(2 + 2);
  expect(count('onnx', cell('tvm'), cell('tvm', 1, 3538))).toBe(2 + 1);
});

it('an export is made once for all that starts from it', () => {
  expect(count('mxnet', cell('onnx'))).toBe(2 + 1);
  expect(count('mxnet', cell('onnx'), cell('onnx+tvm'), cell('openvino'), cell('onnx-int8'))).toBe(1 + 4 + 1);
});

it('what is known, cannot run or has no route takes none; a baseline is not asked what it answers', () => {
  const known = { known: { measurement: null } } as unknown as Partial<PlannedCell>;
  expect(count('mxnet', cell('tvm'), cell('onnx', 1, 1769, { impossible: 'no' }), cell('onnx', 1, 1769, known))).toBe(
    0,
  );
  const both = { candidate: model('mxnet'), baseline: model('onnx'), cells: [cell('onnx')] };
  expect(conversionsOf(both)).toBe(3 + 1);
});
