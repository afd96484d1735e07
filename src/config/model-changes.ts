import { baselineText } from '../inputs/baseline.ts';
import { CONVERTING } from '../types/config.ts';
import type { BaselineRef, Inputs } from '../types/inputs.ts';
import type { ModelSettings } from '../types/settings.ts';

const LIMITS = [
  ['latency limit', (model: ModelSettings) => model.inputs.thresholds.latency],
  ['cost limit', (model: ModelSettings) => model.inputs.thresholds.cost],
  ['memory limit', (model: ModelSettings) => model.inputs.thresholds.memory],
  ['cold start limit', (model: ModelSettings) => model.inputs.thresholds.coldStart],
  ['output difference limit', (model: ModelSettings) => model.inputs.maxOutputDifference],
] as const;

const LEVELS = [
  ['p99 limit', 'ms', (model: ModelSettings) => model.serviceLevels.maxP99Ms],
  ['limit of cost per million', 'USD', (model: ModelSettings) => model.serviceLevels.maxCostPerMillionUsd],
] as const;

export const percent = (ratio: number | null): string =>
  ratio === null ? 'none' : `${Number((ratio * 100).toFixed(4))} %`;

/** Whether a limit lets more through than before; none lets all through. */
export function isLooser(before: number | null, after: number | null): boolean {
  return before !== null && (after === null || after > before);
}

function refText(ref: BaselineRef | null): string {
  if (ref === null) return 'none given';
  const text = baselineText(ref);
  return ref.kind === 'key' ? `${text.slice(0, 'key:'.length + 12)}…` : text;
}

/** Values of the matrix that are no longer run. */
function droppedCells(before: Inputs, after: Inputs): readonly string[] {
  const dropped = (was: readonly (string | number)[], is: readonly (string | number)[]): string =>
    was.filter((one) => !is.includes(one)).join(', ');
  const lists = [
    ['memory', dropped(before.memoriesMb, after.memoriesMb), ' MB'],
    ['batch', dropped(before.batches, after.batches), ''],
    ['optimizer', dropped(before.optimizers, after.optimizers), ''],
    [
      'hardware',
      before.hardware === null || after.hardware === null ? '' : dropped(before.hardware, after.hardware),
      '',
    ],
  ] as const;
  const narrowed = before.hardware === null && after.hardware !== null;
  return [
    ...lists.flatMap(([name, values, unit]) => (values === '' ? [] : [`${name} ${values}${unit} no longer run`])),
    ...(narrowed ? [`hardware all that is there → ${after.hardware.join(', ')}`] : []),
  ];
}

/** What decides whom it is compared with, and which of its configurations count. */
function judgedBy(before: ModelSettings, after: ModelSettings): readonly string[] {
  const { latency, cost } = before.weights;
  const reweighed =
    after.inputs.gateOn === 'best' && (latency !== after.weights.latency || cost !== after.weights.cost);
  const [was, is] = [refText(before.inputs.baseline), refText(after.inputs.baseline)];
  return [
    ...(before.inputs.gateOn === 'cells' && after.inputs.gateOn === 'best' ? ['gate on cells → best'] : []),
    ...(reweighed ? ['other weights choose the gated configuration'] : []),
    ...(was === is ? [] : [`baseline ${was} → ${is}`]),
    ...(before.inputs.signature === after.inputs.signature
      ? []
      : [`signature ${before.inputs.signature ?? 'the default'} → ${after.inputs.signature ?? 'the default'}`]),
  ];
}

function sameOverrides(before: Inputs, after: Inputs): boolean {
  const text = ({ overrides }: Inputs): string =>
    JSON.stringify(
      [overrides.shapes, overrides.ranges, overrides.files].map((one) =>
        Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
  return text(before) === text(after);
}

function looserLimits(before: ModelSettings, after: ModelSettings): readonly string[] {
  return LIMITS.filter(([, of]) => isLooser(of(before), of(after))).map(
    ([name, of]) => `${name} ${percent(of(before))} → ${percent(of(after))}`,
  );
}

function looserLevels(before: ModelSettings, after: ModelSettings): readonly string[] {
  return LEVELS.filter(([, , of]) => isLooser(of(before), of(after))).map(
    ([name, unit, of]) => `${name} ${of(before)} ${unit} → ${of(after) === null ? 'none' : `${of(after)} ${unit}`}`,
  );
}

/** How large the optimizer's own tolerance is, is not known here: leaving it, or going back to it, is said. */
function looserTolerances({ outputTolerances: was }: ModelSettings, { outputTolerances: is }: ModelSettings) {
  const text = (ratio: number | undefined): string => (ratio === undefined ? "the optimizer's own" : percent(ratio));
  const looser = (before: number | undefined, after: number | undefined): boolean =>
    before !== after && (before === undefined || after === undefined || after > before);
  const changed = CONVERTING.filter((optimizer) => looser(was[optimizer], is[optimizer]));
  const texts = changed.map((optimizer) => `${text(was[optimizer])} → ${text(is[optimizer])}`);
  const [first] = texts;
  if (changed.length === CONVERTING.length && texts.every((one) => one === first)) return [`output tolerance ${first}`];
  return changed.map((optimizer, at) => `output tolerance of ${optimizer} ${texts[at]}`);
}

/** What a first configuration loosens for a model, against the inputs that it is run with otherwise. */
export function firstChanges(before: ModelSettings, after: ModelSettings): readonly string[] {
  return [...looserLimits(before, after), ...looserTolerances(before, after), ...judgedBy(before, after)];
}

/** What one model's settings loosen or drop, in words without its name. */
export function modelChanges(before: ModelSettings, after: ModelSettings): readonly string[] {
  return [
    ...looserLimits(before, after),
    ...looserLevels(before, after),
    ...looserTolerances(before, after),
    ...droppedCells(before.inputs, after.inputs),
    ...judgedBy(before, after),
    ...(sameOverrides(before.inputs, after.inputs) ? [] : ['what the inputs are fed']),
  ];
}
