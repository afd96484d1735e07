import { describe, expect, test } from 'vitest';
import { CONSTANT_OUTPUT, changedOutput, convertedOutput } from '../../../src/analysis/equivalence.ts';
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

  test('vanilla converts nothing', () => {
    expect(convertedOutput('vanilla', CLOSE)).toBeNull();
    expect(convertedOutput('onnx', null)).toBeNull();
    expect(changedOutput(null)).toBeNull();
  });
});
