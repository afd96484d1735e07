import { AyciError } from '../errors.ts';
import type { InputShape } from '../types/inputs.ts';
import type { Dtype, Fill, InputSpec, Signature, TensorSignature } from '../types/model.ts';
import { defaultFill } from './fills.ts';
import { batchSymbol, boundSymbols, defaultSize, isBatch, type KnownInput } from './symbols.ts';

/** What a user said of inputs, with `.npy` headers read. */
export interface Overrides {
  readonly shapes: Readonly<Record<string, InputShape>>;
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

interface Shape extends InputShape {
  readonly place: string;
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
  const shapes = userShapes(signature.inputs, overrides);
  const inputs = signature.inputs.map((input) => knownInput(input, shapes.get(input.name)));
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

/** Inputs of a model of which neither the model nor the user says the shape. */
export function shapelessInputs(
  { inputs }: Signature,
  { shapes, files }: Pick<Overrides, 'shapes' | 'files'>,
): readonly string[] {
  const given = (name: string): boolean => Object.hasOwn(shapes, name) || Object.hasOwn(files, name);
  return inputs.flatMap(({ name, dims }) => (dims === null && !given(name) ? [name] : []));
}

/** A model that does not say its inputs' rank gets the user's shape, whose first dimension is then the batch. */
function knownInput({ name, dtype, dims }: TensorSignature, shape: Shape | undefined): KnownInput {
  const given = shape?.dtype ?? null;
  if (given !== null && dtype !== null && given !== dtype)
    throw new AyciError('bad-input', `${shape?.place}: contradicts the model, got ${given}; expected ${dtype}`);
  if (dims === null && shape === undefined) {
    throw new AyciError(
      'bad-input',
      `--input-shape: the model does not say the shape of its input ${JSON.stringify(name)}, got none; expected ${name}=<dimensions joined by x>`,
      {
        hint:
          dtype === null
            ? `Say it, with its type where that is not float32: --input-shape ${name}=1x128:int64; or give data: --input ${name}=@FILE.npy.`
            : `Say it: --input-shape ${name}=1x128; or give data: --input ${name}=@FILE.npy.`,
      },
    );
  }
  return {
    name,
    dtype: dtype ?? given ?? 'float32',
    dims: dims ?? (shape?.dims ?? []).map((size, axis) => (axis === 0 ? null : size)),
  };
}

function fillOf(input: KnownInput, overrides: Overrides): Fill {
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
  for (const [name, shape] of Object.entries(overrides.shapes)) {
    know('input-shape', name);
    shapes.set(name, { place: `--input-shape ${name}`, ...shape });
  }
  for (const name of Object.keys(overrides.ranges)) know('input-range', name);
  for (const [name, file] of Object.entries(overrides.files)) {
    know('input', name);
    const shape = shapes.get(name);
    if (shape === undefined)
      shapes.set(name, { place: `--input ${name}`, dims: file.shape, dtype: typeOf(inputs, name, file.dtype) });
    else shapes.set(name, { ...shape, dtype: shape.dtype ?? typeOf(inputs, name, file.dtype) });
  }
  return shapes;
}

/** Data bring their type to a model that does not say it; elsewhere they are compared with it where they are fed. */
function typeOf(inputs: readonly TensorSignature[], name: string, dtype: Dtype | null): Dtype | null {
  return inputs.find((input) => input.name === name)?.dtype === null ? dtype : null;
}

function checkShape(input: KnownInput, shape: Shape, symbol: string | null, batches: readonly number[]): void {
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
function fixedBatch(inputs: readonly KnownInput[], symbol: string | null, batch: number): string | null {
  if (batch === 1 || inputs.some((input) => input.dims.some((dim, axis) => isBatch(dim, axis, symbol)))) return null;
  const fixed = new Set(inputs.map((input) => input.dims[0]));
  return fixed.size === 1 && fixed.has(batch) ? null : `the model's batch is fixed at ${[...fixed].join(', ')}`;
}
