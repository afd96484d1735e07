import type { InputSpec } from '../types/model.ts';

/** An input as the report shows it: `x float32 1x3x224x224, standard normal`. */
export function inputLine(input: InputSpec): string {
  const { fill } = input;
  const words: Readonly<Record<typeof fill.kind, string>> = {
    normal: input.dtype === 'bool' || input.dtype === 'string' ? 'random' : 'standard normal',
    ones: 'all 1',
    zeros: 'all 0',
    range: fill.kind === 'range' ? `${fill.low} to ${fill.high}` : '',
    file: 'your data',
  };
  return `${input.name} ${input.dtype} ${input.shape.join('x') || 'scalar'}, ${words[fill.kind]}`;
}
