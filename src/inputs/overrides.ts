import type { InputOverrides, InputShape } from '../types/inputs.ts';
import { DTYPES } from '../types/model.ts';
import { parsePair, refuse, type Written } from './values.ts';

const LARGEST_DIMENSION = 1_000_000;
/** 2^31 elements: 8 GB of float32, more than a Lambda holds. */
const MOST_ELEMENTS = 2 ** 31;

/** `1x3x224x224`, or `1x128:int64` with the element type. */
export function parseShape(written: Written, text: string): InputShape {
  const [sizes = '', type, ...others] = text.split(':');
  const dtype = type === undefined ? null : DTYPES.find((one) => one === type);
  if (dtype === undefined || others.length > 0)
    throw refuse(
      written,
      `has an unknown element type ${JSON.stringify([type, ...others].join(':'))}`,
      `Types: ${DTYPES.join(', ')}.`,
    );
  const dims = sizes.split('x').map((part) => {
    if (!/^\d{1,7}$/.test(part))
      throw refuse(written, `has a dimension ${JSON.stringify(part)} that is not a whole number`);
    return Number(part);
  });
  const absurd = dims.find((dim) => dim < 1 || dim > LARGEST_DIMENSION);
  if (absurd !== undefined) throw refuse(written, `has a dimension of ${absurd}`);
  if (dims.reduce((product, dim) => product * dim, 1) > MOST_ELEMENTS)
    throw refuse(written, 'has more than 2^31 elements');
  return { dims, dtype };
}

export function parseRange(written: Written, text: string): { readonly low: number; readonly high: number } {
  const number = '([+-]?\\d{1,15}(?:\\.\\d{1,15})?)';
  const match = new RegExp(`^${number}:${number}$`).exec(text);
  if (match?.[1] === undefined || match[2] === undefined) throw refuse(written, 'is not NAME=LOW:HIGH');
  const range = { low: Number(match[1]), high: Number(match[2]) };
  if (!(range.low < range.high)) throw refuse(written, 'is an empty range');
  return range;
}

function several<T>(lines: readonly Written[], parse: (written: Written, value: string) => T): Record<string, T> {
  // No prototype: `__proto__` is a legal input name.
  const found: Record<string, T> = Object.create(null);
  for (const written of lines) {
    const pair = parsePair(written);
    if (pair.name in found) throw refuse(written, `names ${JSON.stringify(pair.name)} twice`);
    found[pair.name] = parse(written, pair.value);
  }
  return found;
}

export function parseOverrides(
  shapes: readonly Written[],
  ranges: readonly Written[],
  files: readonly Written[],
): InputOverrides {
  const overrides = {
    shapes: several(shapes, parseShape),
    ranges: several(ranges, parseRange),
    files: several(files, (written, value) => {
      if (!value.startsWith('@') || value.length === 1) throw refuse(written, 'does not name a file with @');
      return value.slice(1);
    }),
  };
  const both = files.find((written) => parsePair(written).name in overrides.ranges);
  if (both !== undefined) throw refuse(both, 'has a range as well');
  return overrides;
}
