import type { Dtype, Fill, InputSpec } from '../types/model.ts';
import type { KnownInput } from './symbols.ts';

/**
 * Values of an input about which the user said nothing: masks are 1 (all attended), segments 0, integers 0 and 1
 * (legal as an index into anything), floats standard normal, booleans and strings by coin.
 */
export function defaultFill(input: Pick<KnownInput, 'name' | 'dtype'>): Fill {
  const name = input.name.toLowerCase();
  if (input.dtype === 'string') return { kind: 'normal' };
  if (name.includes('mask')) return { kind: 'ones' };
  if (!/^u?int/.test(input.dtype)) return { kind: 'normal' };
  return name.includes('token_type') || name.includes('segment')
    ? { kind: 'zeros' }
    : { kind: 'range', low: 0, high: 2 };
}

function fillText(fill: Fill): string {
  if (fill.kind === 'range') return `${fill.low}:${fill.high}`;
  return fill.kind === 'file' ? `file ${fill.sha256.slice(0, 16)}` : fill.kind;
}

/** An input in one line, the same wherever the data file lies. */
export function inputText(input: InputSpec): string {
  return `${JSON.stringify(input.name)} ${input.dtype} ${input.shape.join('x') || 'scalar'} ${fillText(input.fill)}`;
}

const NUMPY: Readonly<Record<string, Dtype>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
};

/** The element type of a numpy type string such as `<f4`; null where ONNX has none (or the bytes are big-endian). */
export function dtypeOfNumpy(descr: string): Dtype | null {
  if (/^[<|=]?U\d+$/.test(descr)) return 'string';
  return /^[<|=]/.test(descr) ? (NUMPY[descr.slice(1)] ?? null) : null;
}
