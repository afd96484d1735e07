import { AyciError } from '../errors.ts';
import type { Dimension, Dtype, TensorSignature } from '../types/model.ts';

/** An input whose type and rank are known: of the model, else of the user. */
export interface KnownInput extends TensorSignature {
  readonly dtype: Dtype;
  readonly dims: readonly Dimension[];
}

/** Sizes of symbolic dimensions that a user did not give. Documented in docs/configuration.md. */
export const DEFAULT_SIZES = { channels: 3, pixels: 224, other: 128 } as const;

/** The symbol that stands for the batch: that of the first dimension of the first input whose first one is symbolic. */
export function batchSymbol(inputs: readonly KnownInput[]): string | null {
  for (const input of inputs) if (typeof input.dims[0] === 'string') return input.dims[0];
  return null;
}

/** True where this dimension is the batch: the batch's symbol anywhere, or a nameless first dimension. */
export function isBatch(dim: Dimension, axis: number, symbol: string | null): boolean {
  return typeof dim === 'string' ? dim === symbol : dim === null && axis === 0;
}

const MOST_CHANNELS = 4;

/** Where an image has its channels: last where that dimension is as small as channels are, else second. */
function channelAxis({ dims }: KnownInput): 1 | 3 {
  const [, second, , last] = dims;
  return typeof second !== 'number' && typeof last === 'number' && last <= MOST_CHANNELS ? 3 : 1;
}

/** Size of a symbolic dimension by default: images get channels and pixels by position. */
export function defaultSize(input: KnownInput, axis: number): number {
  if (input.dims.length !== 4 || axis === 0) return DEFAULT_SIZES.other;
  return axis === channelAxis(input) ? DEFAULT_SIZES.channels : DEFAULT_SIZES.pixels;
}

/**
 * Sizes that the user's shapes give to symbols, so that other inputs with the same symbol follow.
 * @throws AyciError `bad-input` where two shapes give a symbol two sizes
 */
export function boundSymbols(
  inputs: readonly KnownInput[],
  shapes: ReadonlyMap<string, { readonly place: string; readonly dims: readonly number[] }>,
  batch: string | null,
): ReadonlyMap<string, number> {
  const bound = new Map<string, number>();
  for (const input of inputs) {
    const shape = shapes.get(input.name);
    if (shape === undefined) continue;
    input.dims.forEach((dim, axis) => {
      const size = shape.dims[axis];
      if (typeof dim !== 'string' || dim === batch || size === undefined) return;
      const before = bound.get(dim);
      if (before !== undefined && before !== size) {
        const what = `gives dimension ${JSON.stringify(dim)} the size ${size}`;
        throw new AyciError(
          'bad-input',
          `${shape.place}: ${what}, got ${before} for the same dimension elsewhere; expected one size`,
        );
      }
      bound.set(dim, size);
    });
  }
  return bound;
}
