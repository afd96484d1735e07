import * as patterns from './patterns.ts';

// How values of the configuration file are written, as JSON Schema.

export type Schema = Readonly<Record<string, unknown>>;

/** A model's path, or any other text. */
export const LONGEST_TEXT = 1000;
export const text = (pattern: string): Schema => ({ type: 'string', pattern, maxLength: LONGEST_TEXT });

export const percent: Schema = text(patterns.PERCENT_OR_NONE);

export function words(choices: readonly string[], extra: readonly string[] = []): Schema {
  const alone = extra.flatMap((one) => [
    text(patterns.word([one])),
    { type: 'array', minItems: 1, maxItems: 1, items: { const: one } },
  ]);
  return {
    anyOf: [
      text(patterns.wordList(choices)),
      ...alone,
      { type: 'array', minItems: 1, uniqueItems: true, items: { enum: choices } },
    ],
  };
}

export function integers(minimum: number, maximum: number, pattern: string): Schema {
  const one = { type: 'integer', minimum, maximum };
  return { anyOf: [one, text(pattern), { type: 'array', minItems: 1, uniqueItems: true, items: one }] };
}

/** At most `MOST_INPUTS` of a model. */
export const MOST_INPUTS = 100;
export function map(value: Schema): Schema {
  const propertyNames = { pattern: patterns.INPUT_NAME };
  return { type: 'object', maxProperties: MOST_INPUTS, propertyNames, additionalProperties: value };
}

export const limit = (maximum: number): Schema => ({
  anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum }, { const: 'none' }],
});
