import { FAIL_ON } from '../types/inputs.ts';
import type { ModelSettings, Settings, Waiver } from '../types/settings.ts';
import type { Metric } from '../types/verdict.ts';
import { firstChanges, isLooser, modelChanges, percent } from './model-changes.ts';

/** Names before "and N more". */
const NAMED = 3;

function named(paths: readonly string[]): string {
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  return `${paths.slice(0, NAMED).join(', ')}${more}`;
}

/** One line a change, whichever models it is of. */
function grouped(changes: readonly (readonly [text: string, path: string])[], all: number): readonly string[] {
  const paths = new Map<string, string[]>();
  for (const [text, path] of changes) paths.set(text, [...(paths.get(text) ?? []), path]);
  return [...paths].map(([text, ones]) => {
    if (ones.length === all && all > 1) return `${text} for all ${all} models`;
    return `${text} for ${named(ones)}`;
  });
}

function dropped(base: Settings, head: Settings): readonly string[] {
  const still = new Set(head.models.map(({ inputs }) => inputs.model));
  const gone = base.models.map(({ inputs }) => inputs.model).filter((path) => !still.has(path));
  return gone.length === 0 ? [] : [`no longer measured: ${named(gone)}`];
}

const metricText = (metric: Metric): string => (metric === 'coldStart' ? 'cold start' : metric);

/** A pattern covers what it covered: a model that is new under it has no baseline yet. */
function waiverChanges(before: readonly Waiver[], after: readonly Waiver[]): readonly string[] {
  return after.flatMap((waiver) => {
    const { model, metric, upTo, expires } = waiver;
    const name = `waiver of ${metricText(metric)} for ${model}`;
    const was = before.find((one) => one.model === model && one.metric === metric);
    const size = upTo === null ? '' : ` up to ${percent(upTo)}`;
    if (was === undefined) return [`new ${name}${size} until ${expires}`];
    const larger = isLooser(was.upTo, upTo) ? [`${name} up to ${percent(was.upTo)} → ${percent(upTo)}`] : [];
    const longer = expires > was.expires ? [`${name} until ${was.expires} → ${expires}`] : [];
    return [...larger, ...longer];
  });
}

function runChanges(base: Settings, head: Settings): readonly string[] {
  const weaker = FAIL_ON.filter((state) => base.failOn.includes(state) && !head.failOn.includes(state));
  return [
    ...(weaker.length === 0 ? [] : [`the build no longer fails on ${weaker.join(', ')}`]),
    ...(head.onlyChanged && !base.onlyChanged ? ['only changed models are measured'] : []),
  ];
}

/** The settings as they were without the file: the models measured are the head's, held to what is given outside it. */
function withoutFile(head: Settings): Settings {
  const { withoutFile: outer } = head;
  const plain = (model: ModelSettings): ModelSettings => ({
    ...model,
    inputs: { ...outer, model: model.inputs.model },
    outputTolerances: {},
  });
  const [first, ...others] = head.models;
  return {
    ...head,
    models: [plain(first), ...others.map(plain)],
    failOn: outer.failOn,
    waivers: [],
    onlyChanged: false,
  };
}

/**
 * What a pull request loosens, drops or waives for itself, a line each, the gravest first; empty where nothing is.
 * Names of models stand in it as they are: escape before rendering.
 * @param base null where the base has no such file: then it is compared with what holds without one
 */
export function gateChanges(base: Settings | null, head: Settings): readonly string[] {
  const before = base ?? withoutFile(head);
  const changesOf = base === null ? firstChanges : modelChanges;
  const was = new Map(before.models.map((model) => [model.inputs.model, model]));
  const changes = head.models.flatMap((after) => {
    const known = was.get(after.inputs.model);
    if (known === undefined) return [];
    return changesOf(known, after).map((text) => [text, after.inputs.model] as const);
  });
  return [
    ...runChanges(before, head),
    ...dropped(before, head),
    ...grouped(changes, head.models.length),
    ...waiverChanges(before.waivers, head.waivers),
  ];
}
