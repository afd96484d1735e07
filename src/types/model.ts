import type { Framework } from './config.ts';

/** `<sha256 hex>-<size in bytes>`: a model's identity, whatever its name. */
export type ModelKey = string;

/** Element types of a tensor, by ONNX Runtime's and numpy's names. */
export const DTYPES = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] as const;
export type Dtype = (typeof DTYPES)[number];

/** A dimension: its size, its symbol, or null where the model names none. */
export type Dimension = number | string | null;

export interface TensorSignature {
  readonly name: string;
  /** Null: the model does not say; it is the user's, else float32. */
  readonly dtype: Dtype | null;
  /** Null: the model does not say, not even the rank; the user has to. */
  readonly dims: readonly Dimension[] | null;
}

export interface Signature {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly string[];
}

export interface ModelFile {
  /** Path relative to the model's folder, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  /** Where its bytes are on this machine. */
  readonly source: string;
}

/** A model as it was found: what it is, what it takes, and the files that are it. */
export interface Model {
  /** As the user wrote it. */
  readonly path: string;
  readonly framework: Framework;
  readonly key: ModelKey;
  /** The file that a runtime opens first, one of `files`. */
  readonly entry: string;
  readonly files: readonly ModelFile[];
  readonly signature: Signature;
  /** Operators and how often each occurs. */
  readonly operators: Readonly<Record<string, number>>;
  /** Elements of all weights. */
  readonly parameters: number;
  /** Version of each operator set; the default domain is unnamed. */
  readonly opsets: Readonly<Record<string, number>>;
}

/** How the values of one input are made: all of them seeded, so that two subjects see the same. */
export type Fill =
  | { readonly kind: 'normal' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'zeros' }
  /** Uniform in [low, high): integers for integer types. */
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  /** A `.npy` of the user's. */
  | { readonly kind: 'file'; readonly url: string; readonly sha256: string; readonly size: number };

/** One input, wholly decided: what the runtime feeds. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly fill: Fill;
}
