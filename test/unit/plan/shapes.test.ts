import { describe, expect, it } from 'vitest';
import { AyciError } from '../../../src/errors.ts';
import { dtypeOfNumpy } from '../../../src/plan/fills.ts';
import { type Overrides, resolveInputs, shapelessInputs } from '../../../src/plan/shapes.ts';
import type { Signature, TensorSignature } from '../../../src/types/model.ts';

const none: Overrides = { shapes: {}, ranges: {}, files: {} };
const signature = (...inputs: TensorSignature[]): Signature => ({ inputs, outputs: ['y'] });
const image: TensorSignature = { name: 'x', dtype: 'float32', dims: ['N', 3, 'H', 'W'] };
const ids: TensorSignature = { name: 'input_ids', dtype: 'int64', dims: ['batch', 'seq'] };
const mask: TensorSignature = { name: 'attention_mask', dtype: 'int64', dims: ['batch', 'seq'] };
const sized = (...dims: number[]) => ({ dims, dtype: null });
const shapes = (resolved: ReturnType<typeof resolveInputs>) => resolved.inputs.map((input) => input.shape.join('x'));

describe('sizes of symbolic dimensions', () => {
  it('are those of images by position, with the batch of the configuration', () => {
    expect(shapes(resolveInputs(signature(image), none, 8, [8]))).toEqual(['8x3x224x224']);
  });

  it('are 128 for anything else, the same for the same symbol', () => {
    const one = resolveInputs(signature(ids, mask), none, 2, [1, 2]);
    expect(shapes(one)).toEqual(['2x128', '2x128']);
    expect(one.inputs.map((input) => input.fill)).toEqual([{ kind: 'range', low: 0, high: 2 }, { kind: 'ones' }]);
  });

  it('follow a shape that the user gives to one of the inputs', () => {
    const overrides = { ...none, shapes: { input_ids: sized(1, 64) } };
    expect(shapes(resolveInputs(signature(ids, mask), overrides, 4, [1, 4]))).toEqual(['4x64', '4x64']);
  });

  it('take a nameless first dimension for the batch', () => {
    expect(shapes(resolveInputs(signature({ ...image, dims: [null, 3, 8, 8] }), none, 5, [5]))).toEqual(['5x3x8x8']);
  });
});

describe('a fixed batch', () => {
  const fixed = signature({ ...image, dims: [4, 3, 8, 8] });
  it('runs as it is for 1 and for itself, and for nothing else', () => {
    expect(resolveInputs(fixed, none, 1, [1]).impossible).toBeNull();
    expect(resolveInputs(fixed, none, 4, [4]).impossible).toBeNull();
    expect(resolveInputs(fixed, none, 8, [8]).impossible).toContain('fixed at 4');
  });
});

describe('contradictions are refused', () => {
  const cases: readonly [string, Overrides, string][] = [
    ['an input that is not there', { ...none, shapes: { z: sized(1) } }, 'no input "z"'],
    ['another rank', { ...none, shapes: { x: sized(1, 3, 224) } }, '4 dimensions'],
    ['another fixed dimension', { ...none, shapes: { x: sized(1, 4, 224, 224) } }, '3 in dimension 1'],
    ['a batch that is not asked for', { ...none, shapes: { x: sized(16, 3, 224, 224) } }, '1 or a size of --batch'],
    [
      'data of another type',
      { ...none, files: { x: { dtype: 'float64', shape: [1, 3, 224, 224], fill: { kind: 'zeros' } } } },
      'got float64; expected float32',
    ],
    ['a range for an input that is not there', { ...none, ranges: { y: { low: 0, high: 1 } } }, 'no input "y"'],
  ];
  it.each(cases)('%s', (_name, overrides, part) => {
    const work = () => resolveInputs(signature(image), overrides, 1, [1]);
    expect(work).toThrow(AyciError);
    expect(work).toThrow(part);
  });

  it('one symbol with two sizes', () => {
    const overrides = { ...none, shapes: { input_ids: sized(1, 64), attention_mask: sized(1, 32) } };
    expect(() => resolveInputs(signature(ids, mask), overrides, 1, [1])).toThrow('expected one size');
  });
});

describe('data of the user', () => {
  it('fits one batch alone', () => {
    const files = { x: { dtype: 'float32' as const, shape: [1, 3, 224, 224], fill: { kind: 'zeros' as const } } };
    expect(resolveInputs(signature(image), { ...none, files }, 1, [1, 8]).impossible).toBeNull();
    expect(resolveInputs(signature(image), { ...none, files }, 8, [1, 8]).impossible).toContain('1x3x224x224');
  });

  it.each([
    ['<f4', 'float32'],
    ['|b1', 'bool'],
    ['<i8', 'int64'],
    ['<U5', 'string'],
    ['>f4', null],
    ['<c8', null],
  ])('numpy %s is %s', (descr, dtype) => {
    expect(dtypeOfNumpy(descr)).toBe(dtype);
  });
});

describe('a model that does not say what it takes', () => {
  const unknown: TensorSignature = { name: 'x', dtype: null, dims: null };
  const resolve = (overrides: Partial<Overrides>, batch = 4) =>
    resolveInputs(signature(unknown), { ...none, ...overrides }, batch, [1, 4]);

  it('needs the shape, whose first dimension is the batch', () => {
    expect(() => resolve({})).toThrow('--input-shape: the model does not say the shape of its input "x"');
    expect(resolve({ shapes: { x: sized(1, 3, 8) } }).inputs).toEqual([
      { name: 'x', dtype: 'float32', shape: [4, 3, 8], fill: { kind: 'normal' } },
    ]);
    expect(() => resolve({ shapes: { x: sized(7, 3, 8) } })).toThrow('1 or a size of --batch');
  });

  it('takes the type with it', () => {
    const shape = { dims: [1, 16], dtype: 'int64' as const };
    expect(resolve({ shapes: { x: shape } }).inputs).toMatchObject([{ dtype: 'int64', shape: [4, 16] }]);
    expect(() => resolveInputs(signature(image), { ...none, shapes: { x: shape } }, 1, [1])).toThrow(
      '--input-shape x: contradicts the model, got int64; expected float32',
    );
  });

  it('takes both from data', () => {
    const file = { dtype: 'int32' as const, shape: [4, 2], fill: { kind: 'zeros' as const } };
    expect(resolve({ files: { x: file } })).toEqual({
      inputs: [{ name: 'x', dtype: 'int32', shape: [4, 2], fill: { kind: 'zeros' } }],
      impossible: null,
    });
    expect(resolve({ files: { x: file } }, 1).impossible).toContain('4x2, not 1x2');
    expect(() => resolve({ files: { x: file }, shapes: { x: { dims: [4, 2], dtype: 'int64' } } })).toThrow(
      'got int32; expected int64',
    );
  });

  it('may know its type alone', () => {
    const typed: TensorSignature = { name: 'x', dtype: 'int64', dims: null };
    expect(() => resolveInputs(signature(typed), none, 1, [1])).toThrow('does not say the shape');
    const overrides = { ...none, shapes: { x: sized(1, 5) } };
    expect(resolveInputs(signature(typed), overrides, 1, [1]).inputs).toMatchObject([
      { dtype: 'int64', shape: [1, 5] },
    ]);
    expect(shapelessInputs(signature(typed, image), none)).toEqual(['x']);
    expect(shapelessInputs(signature(typed, image), overrides)).toEqual([]);
  });
});

describe('images', () => {
  it.each([
    [[null, null, null, 3], '1x224x224x3'],
    [['N', 'H', 'W', 1], '1x224x224x1'],
    [['N', 3, 'H', 'W'], '1x3x224x224'],
    [['N', 'C', 'H', 'W'], '1x3x224x224'],
    [['N', 64, 'H', 4], '1x64x224x4'],
  ] as const)('%s are %s by default', (dims, expected) => {
    expect(shapes(resolveInputs(signature({ ...image, dims }), none, 1, [1]))).toEqual([expected]);
  });
});
