import { definitionOf, type InputName } from '../inputs/table.ts';
import { CONVERTING, HARDWARE, OPTIMIZERS } from '../types/config.ts';
import { FAIL_ON } from '../types/inputs.ts';
import * as patterns from './patterns.ts';
import { integers, limit, map, percent, type Schema, text, words } from './value-schemas.ts';

/** How a setting is written in YAML. */
export type Kind = 'words' | 'integers' | 'text' | 'percent' | 'map' | 'number' | 'flag' | 'other';

/** The one list of what a configuration file may hold: reader, JSON Schema and docs/config-file.md are made from it. */
export interface Setting {
  readonly name: string;
  readonly kind: Kind;
  readonly allowed: string;
  readonly doc: string;
  readonly schema: Schema;
  /** The input of the action with the same name and meaning. */
  readonly input?: InputName;
}

/** A setting that is an input of the action: it means the same and has the same words. */
function ofInput(
  name: InputName,
  kind: Kind,
  schema: Schema,
  said: Partial<Pick<Setting, 'allowed' | 'doc'>> = {},
): Setting {
  const { allowed, doc } = definitionOf(name);
  return { name, kind, allowed, doc, ...said, schema, input: name };
}

export const LARGEST_P99_MS = 900_000;
export const LARGEST_COST = 1_000_000;
export const LARGEST_WEIGHT = 1000;

/** What may be said of a model, and under `defaults` of all of them. */
export const MODEL_SETTINGS: readonly Setting[] = [
  ofInput('memory', 'integers', integers(128, 10_240, patterns.MEMORY_LIST), { allowed: 'whole MB from 128 to 10240' }),
  ofInput('batch', 'integers', integers(1, 4096, patterns.BATCH_LIST), { allowed: 'whole numbers from 1 to 4096' }),
  ofInput('hardware', 'words', words(HARDWARE), { allowed: 'x86_64, arm64' }),
  ofInput('optimizer', 'words', words(OPTIMIZERS), { allowed: OPTIMIZERS.join(', ') }),
  ofInput('baseline', 'text', text(patterns.BASELINE)),
  ofInput('input-shape', 'map', map(text(patterns.SHAPE)), {
    allowed:
      'a map of names to <dimensions joined by x>, each from 1 to 1000000, and :<type> where the model does not say it',
    doc: "Shapes of the model's inputs, where their dimensions are symbolic or unknown: `{image: 1x3x224x224}`; with the element type where the model does not say it: `{input_ids: 1x128:int64}`.",
  }),
  ofInput('input-range', 'map', map(text(patterns.RANGE)), {
    allowed: 'a map of names to <low>:<high> with low < high',
    doc: 'Values of inputs, uniform from LOW up to but without HIGH: `{input_ids: "0:30000"}`.',
  }),
  ofInput('input', 'map', map(text(patterns.DATA_FILE)), {
    allowed: 'a map of names to "@<path of a .npy file>"',
    doc: 'Own data for inputs: `{image: "@samples/cat.npy"}`.',
  }),
  ofInput('signature', 'text', text(patterns.SIGNATURE)),
  ofInput('max-latency-regression', 'percent', percent),
  ofInput('max-cost-regression', 'percent', percent),
  ofInput('max-memory-regression', 'percent', percent),
  ofInput('max-cold-start-regression', 'percent', percent),
  ofInput('max-output-difference', 'percent', percent),
  ofInput('gate-on', 'text', text(patterns.word(['cells', 'best']))),
  {
    name: 'max-p99-ms',
    kind: 'number',
    allowed: `milliseconds above 0, up to ${LARGEST_P99_MS}, or none`,
    doc: 'Service level: p99 of one inference above this fails, whatever the baseline has.',
    schema: limit(LARGEST_P99_MS),
  },
  {
    name: 'max-cost-per-million-usd',
    kind: 'number',
    allowed: `an amount in USD above 0, up to ${LARGEST_COST}, or none`,
    doc: 'Service level: a million inferences dearer than this fail, whatever the baseline has.',
    schema: limit(LARGEST_COST),
  },
  {
    name: 'output-tolerance',
    kind: 'other',
    allowed: "a percentage such as 0.1%, none for the optimizer's own, or a map of optimizers to them",
    doc: "Largest difference between the converted and the unconverted model's outputs, relative to the largest value, with which a configuration still counts as right: of every optimizer, or by name, `{onnx-int8: 5%}`. Default: the optimizer's own (0.01 % for `onnx`, `tvm` and `onnx+tvm`, 0.1 % for `openvino`; `onnx-int8` has none and never counts as right without).",
    schema: {
      anyOf: [
        percent,
        {
          type: 'object',
          additionalProperties: false,
          properties: Object.fromEntries(CONVERTING.map((optimizer) => [optimizer, percent])),
        },
      ],
    },
  },
  {
    name: 'weights',
    kind: 'other',
    allowed: `{latency: N, cost: N}, numbers from 0 to ${LARGEST_WEIGHT} that are not both 0`,
    doc: 'What the balanced best configuration weighs: `{latency: 2, cost: 1}`. Default: both the same.',
    schema: {
      type: 'object',
      required: ['latency', 'cost'],
      additionalProperties: false,
      properties: {
        latency: { type: 'number', minimum: 0, maximum: LARGEST_WEIGHT },
        cost: { type: 'number', minimum: 0, maximum: LARGEST_WEIGHT },
      },
      anyOf: ['latency', 'cost'].map((name) => ({ properties: { [name]: { exclusiveMinimum: 0 } } })),
    },
  },
];

export const LONGEST_PATH = 512;
export const PATH_SETTING: Setting = {
  name: 'path',
  kind: 'text',
  allowed: 'a path or glob inside the repository, with forward slashes and without ..',
  doc: 'The model, or a glob such as `models/**/*.onnx`; from the root of the repository.',
  schema: { type: 'string', pattern: patterns.PATH, maxLength: LONGEST_PATH },
};

export const WAIVER_METRICS = ['latency', 'cost', 'memory', 'cold-start', 'output', 'runs'] as const;
export const MOST_WAIVERS = 100;
export const LONGEST_REASON = 500;

export const WAIVER_SETTINGS: readonly Setting[] = [
  { ...PATH_SETTING, name: 'model', doc: 'The model that it is for: a path or glob, as under `models`.' },
  {
    name: 'metric',
    kind: 'text',
    allowed: WAIVER_METRICS.join(', '),
    doc: 'What may be worse: `latency`, `cost`, `memory`, `cold-start`, `output`, or `runs` (a configuration that no longer runs).',
    schema: { enum: WAIVER_METRICS },
  },
  {
    name: 'up-to',
    kind: 'percent',
    allowed: 'a percentage such as 20%',
    doc: 'The largest change that is accepted: `20%`. Not for `runs`, which has no size.',
    schema: text(patterns.PERCENT),
  },
  {
    name: 'expires',
    kind: 'text',
    allowed: 'a date, YYYY-MM-DD, at most a year ahead',
    doc: 'The last day on which it holds (UTC): `2026-12-24`. At most a year ahead.',
    schema: { type: 'string', pattern: patterns.DATE, format: 'date' },
  },
  {
    name: 'reason',
    kind: 'text',
    allowed: `one line of text, at most ${LONGEST_REASON} characters`,
    doc: 'Why, in a sentence: it stands in every report.',
    schema: { type: 'string', pattern: patterns.TEXT, maxLength: LONGEST_REASON },
  },
];

/** Entries of `models`, and models that they name. */
export const MOST_MODELS = 200;

/** What stands beside `models` and `defaults`. */
export const RUN_SETTINGS: readonly Setting[] = [
  ofInput('fail-on', 'words', words(FAIL_ON, ['never']), { allowed: `${FAIL_ON.join(', ')}, or never` }),
  {
    name: 'only-changed',
    kind: 'flag',
    allowed: 'true or false',
    doc: "Measure only models whose content is not their baseline's (by key, so that a moved file does not count as changed).",
    schema: { type: 'boolean' },
  },
];
