import { describe, expect, test } from 'vitest';
import { CONSTANT_OUTPUT, changedOutput, convertedOutput, UNSET_TOLERANCE } from '../../../src/analysis/equivalence.ts';
import type { OutputComparison } from '../../../src/types/measurement.ts';

const CLOSE: OutputComparison = { maxAbsoluteDifference: 2e-6, relativeDifference: 1e-6, varies: true, problem: null };

describe('convertedOutput', () => {
  test('within the tolerance, and over it', () => {
    expect(convertedOutput('onnx', CLOSE)).toEqual({
      maxAbsoluteDifference: 2e-6,
      relativeDifference: 1e-6,
      equivalent: true,
      problem: null,
    });
    expect(convertedOutput('onnx', { ...CLOSE, relativeDifference: 1e-4 })?.equivalent).toBe(true);
    expect(convertedOutput('onnx', { ...CLOSE, relativeDifference: 1.1e-4 })?.equivalent).toBe(false);
  });

  test('agreement of an output that never changes proves nothing', () => {
    const constant = { ...CLOSE, relativeDifference: 0, varies: false };
    expect(convertedOutput('onnx', constant)).toMatchObject({ equivalent: false, problem: CONSTANT_OUTPUT });
    expect(changedOutput(constant)?.equivalent).toBe(false);
  });

  test('a problem is told as it is', () => {
    const broken = { maxAbsoluteDifference: null, relativeDifference: null, varies: false, problem: 'other shapes' };
    expect(convertedOutput('onnx', broken)).toMatchObject({ equivalent: false, problem: 'other shapes' });
  });

  test('a difference that could not be made relative is not equivalent', () => {
    expect(convertedOutput('onnx', { ...CLOSE, relativeDifference: null })?.equivalent).toBe(false);
  });

  test.each([
    ['tvm', 1e-4, 1.1e-4],
    ['onnx+tvm', 1e-4, 1.1e-4],
    ['openvino', 1e-3, 1.1e-3],
  ] as const)('%s answers as vanilla up to %f', (optimizer, within, over) => {
    expect(convertedOutput(optimizer, { ...CLOSE, relativeDifference: within })?.equivalent).toBe(true);
    expect(convertedOutput(optimizer, { ...CLOSE, relativeDifference: over })?.equivalent).toBe(false);
  });

  test('int8 never answers as vanilla by itself, however close it is: only its user can say', () => {
    for (const relativeDifference of [0, 1e-9, 0.04])
      expect(convertedOutput('onnx-int8', { ...CLOSE, relativeDifference })).toMatchObject({
        relativeDifference,
        equivalent: false,
        problem: UNSET_TOLERANCE,
      });
    const close = { ...CLOSE, relativeDifference: 0.04 };
    expect(convertedOutput('onnx-int8', close, 0.05)).toMatchObject({ equivalent: true, problem: null });
    expect(convertedOutput('onnx-int8', close, 0.03)).toMatchObject({ equivalent: false, problem: null });
  });

  test("the user's own takes the place of the optimizer's", () => {
    expect(convertedOutput('tvm', { ...CLOSE, relativeDifference: 0.01 }, 0.02)?.equivalent).toBe(true);
    expect(convertedOutput('tvm', CLOSE, 1e-7)?.equivalent).toBe(false);
  });

  test('vanilla converts nothing', () => {
    expect(convertedOutput('vanilla', CLOSE)).toBeNull();
    expect(convertedOutput('onnx', null)).toBeNull();
    expect(changedOutput(null)).toBeNull();
  });
});
