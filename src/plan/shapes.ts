import { AyciError } from '../errors.ts';
import type { Dtype, Fill, InputSpec, Signature, TensorSignature } from '../types/model.ts';
import { defaultFill } from './fills.ts';
import { batchSymbol, boundSymbols, defaultSize, isBatch } from './symbols.ts';

/** What a user said of inputs, with `.npy` headers read. */
export interface Overrides {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly ranges: Readonly<Record<string, { readonly low: number; readonly high: number }>>;
  readonly files: Readonly<
    Record<string, { readonly dtype: Dtype | null; readonly shape: readonly number[]; readonly fill: Fill }>
  >;
}

export interface Resolved {
  readonly inputs: readonly InputSpec[];
  /** Why this batch cannot be fed to this model, or null. */
  readonly impossible: string | null;
}

interface Shape {
  readonly place: string;
  readonly dims: readonly number[];
}

/**
 * Decides every input of a model at one batch size.
 * @param batches all batch sizes of the run: a shape may write its batch dimension as 1 or as one of these
 * @throws AyciError `bad-input` where an override names no input or contradicts the model
 */
export function resolveInputs(
  signature: Signature,
  overrides: Overrides,
  batch: number,
  batches: readonly number[],
): Resolved {
  const { inputs } = signature;
  const shapes = userShapes(inputs, overrides);
  const symbol = batchSymbol(inputs);
  const bound = boundSymbols(inputs, shapes, symbol);
  let impossible: string | null = null;
  const specs = inputs.map((input): InputSpec => {
    const shape = shapes.get(input.name);
    if (shape !== undefined) checkShape(input, shape, symbol, batches);
    const dims = input.dims.map((dim, axis) => {
      if (isBatch(dim, axis, symbol)) return batch;
      if (typeof dim === 'number') return dim;
      return shape?.dims[axis] ?? (dim === null ? undefined : bound.get(dim)) ?? defaultSize(input, axis);
    });
    const file = overrides.files[input.name];
    if (file?.shape.some((size, axis) => size !== dims[axis])) {
      impossible ??= `the data for input ${input.name} have shape ${file.shape.join('x')}, not ${dims.join('x')}`;
    }
    return { name: input.name, dtype: input.dtype, shape: dims, fill: fillOf(input, overrides) };
  });
  return { inputs: specs, impossible: impossible ?? fixedBatch(inputs, symbol, batch) };
}

function fillOf(input: TensorSignature, overrides: Overrides): Fill {
  const file = overrides.files[input.name];
  if (file !== undefined) {
    if (file.dtype === input.dtype) return file.fill;
    const got = file.dtype ?? 'another type';
    throw new AyciError('bad-input', `--input ${input.name}: is of another type, got ${got}; expected ${input.dtype}`, {
      hint: 'Convert it with numpy.astype.',
    });
  }
  const range = overrides.ranges[input.name];
  if (range === undefined) return defaultFill(input);
  if (input.dtype === 'string')
    throw new AyciError('bad-input', `--input-range ${input.name}: the input holds strings; expected no range`);
  return { kind: 'range', ...range };
}

function userShapes(inputs: readonly TensorSignature[], overrides: Overrides): ReadonlyMap<string, Shape> {
  const names = inputs.map((input) => input.name);
  const shapes = new Map<string, Shape>();
  const know = (option: string, name: string): void => {
    if (names.includes(name)) return;
    const known = names.map((one) => JSON.stringify(one)).join(', ');
    throw new AyciError(
      'bad-input',
      `--${option}: the model has no input ${JSON.stringify(name)}; expected one of ${known}`,
    );
  };
  for (const [name, dims] of Object.entries(overrides.shapes)) {
    know('input-shape', name);
    shapes.set(name, { place: `--input-shape ${name}`, dims });
  }
  for (const name of Object.keys(overrides.ranges)) know('input-range', name);
  for (const [name, file] of Object.entries(overrides.files)) {
    know('input', name);
    if (!shapes.has(name)) shapes.set(name, { place: `--input ${name}`, dims: file.shape });
  }
  return shapes;
}

function checkShape(input: TensorSignature, shape: Shape, symbol: string | null, batches: readonly number[]): void {
  const refuse = (expected: string): AyciError =>
    new AyciError(
      'bad-input',
      `${shape.place}: contradicts the model, got ${shape.dims.join('x')}; expected ${expected}`,
    );
  const written = input.dims.map((dim) => dim ?? '?').join('x');
  if (shape.dims.length !== input.dims.length) throw refuse(`${input.dims.length} dimensions (${written})`);
  input.dims.forEach((dim, axis) => {
    const size = shape.dims[axis] ?? 0;
    if (isBatch(dim, axis, symbol)) {
      if (size !== 1 && !batches.includes(size))
        throw refuse(`1 or a size of --batch (${batches.join(', ')}) in dimension ${axis}`);
    } else if (typeof dim === 'number' && dim !== size) throw refuse(`${dim} in dimension ${axis} (${written})`);
  });
}

/** A model whose batch is fixed runs at that batch, or at 1, which then means "the model as it is". */
function fixedBatch(inputs: readonly TensorSignature[], symbol: string | null, batch: number): string | null {
  if (batch === 1 || inputs.some((input) => input.dims.some((dim, axis) => isBatch(dim, axis, symbol)))) return null;
  const fixed = new Set(inputs.map((input) => input.dims[0]));
  return fixed.size === 1 && fixed.has(batch) ? null : `the model's batch is fixed at ${[...fixed].join(', ')}`;
}
