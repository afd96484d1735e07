import { describe, expect, it } from 'vitest';
import { modelChanges } from '../../../src/analysis/model-changes.ts';
import type { Model } from '../../../src/types/model.ts';

const MODEL: Model = {
  path: 'm.onnx',
  framework: 'onnx',
  key: `${'a'.repeat(64)}-1`,
  entry: 'm.onnx',
  files: [],
  signature: { inputs: [{ name: 'x', dtype: 'float32', dims: ['N', 3, null] }], outputs: ['y'] },
  operators: {},
  parameters: 1_235_496,
  opsets: { '': 17 },
};

describe('what changed in a model, without measuring it', () => {
  it('is nothing where nothing did, and nothing without a baseline', () => {
    expect(modelChanges(MODEL, MODEL)).toEqual([]);
    expect(modelChanges(MODEL, null)).toEqual([]);
  });

  it('is told in words', () => {
    const now: Model = {
      ...MODEL,
      parameters: 1_377_000,
      opsets: { '': 18, 'ai.onnx.ml': 3 },
      signature: {
        inputs: [
          { name: 'x', dtype: 'float16', dims: ['N', 3, null] },
          { name: 'mask', dtype: 'int64', dims: [] },
        ],
        outputs: ['logits'],
      },
    };
    expect(modelChanges(now, MODEL)).toEqual([
      'parameters 1.24 M → 1.38 M (+11.5 %)',
      'opset 17 → 18',
      'opset of ai.onnx.ml none → 3',
      'input x float32 [N, 3, ?] → float16 [N, 3, ?]',
      'new input mask int64 []',
      'new output logits',
      'no output y any more',
    ]);
    expect(modelChanges({ ...MODEL, parameters: 10 }, { ...MODEL, parameters: 0 })).toEqual(['parameters 0 → 10']);
  });
});
