import {
  MODEL_SETTINGS,
  MOST_MODELS,
  MOST_WAIVERS,
  PATH_SETTING,
  RUN_SETTINGS,
  type Setting,
  WAIVER_SETTINGS,
} from './table.ts';
import type { Schema } from './value-schemas.ts';

function properties(settings: readonly Setting[]): Schema {
  const plain = (doc: string): string => doc.replaceAll('`', '');
  return Object.fromEntries(settings.map(({ name, doc, schema }) => [name, { description: plain(doc), ...schema }]));
}

function closed(settings: readonly Setting[], required: readonly string[] = []): Schema {
  return { type: 'object', additionalProperties: false, required, properties: properties(settings) };
}

/** A waiver of `runs` has no size; every other one needs it. */
const waiver: Schema = {
  ...closed(WAIVER_SETTINGS, ['model', 'metric', 'expires', 'reason']),
  if: { properties: { metric: { const: 'runs' } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { not: { required: ['up-to'] } },
  else: { required: ['up-to'] },
};

/** JSON Schema (draft 2020-12) of a configuration file: what editors complete and check. */
export function configSchema(): Schema {
  const model = { anyOf: [PATH_SETTING.schema, closed([PATH_SETTING, ...MODEL_SETTINGS], ['path'])] };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'AYCI configuration (.github/ayci.yml)',
    type: 'object',
    additionalProperties: false,
    required: ['models'],
    properties: {
      models: {
        description: 'The models, each with what is said of it alone.',
        type: 'array',
        minItems: 1,
        maxItems: MOST_MODELS,
        items: model,
      },
      defaults: { description: 'What holds for every model that does not say otherwise.', ...closed(MODEL_SETTINGS) },
      ...properties(RUN_SETTINGS),
      waivers: {
        description: 'Regressions that are accepted, for a time.',
        type: 'array',
        maxItems: MOST_WAIVERS,
        items: waiver,
      },
    },
  };
}
