import type { InputSpec } from '../types/model.ts';

/** The range's end is not in it: of integers the last one is named. */
function rangeText(input: InputSpec, low: number, high: number): string {
  return /int/.test(input.dtype) ? `${Math.ceil(low)} to ${Math.ceil(high) - 1}` : `${low} to ${high}`;
}

/** An input as the report shows it: `x float32 1x3x224x224, standard normal`. */
export function inputLine(input: InputSpec): string {
  const { fill } = input;
  const words: Readonly<Record<typeof fill.kind, string>> = {
    normal: input.dtype === 'bool' || input.dtype === 'string' ? 'random' : 'standard normal',
    ones: 'all 1',
    zeros: 'all 0',
    range: fill.kind === 'range' ? rangeText(input, fill.low, fill.high) : '',
    file: 'your data',
  };
  return `${input.name} ${input.dtype} ${input.shape.join('x') || 'scalar'}, ${words[fill.kind]}`;
}
