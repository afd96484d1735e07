import { type PlaceOf, readInputs } from '../inputs/read.ts';
import type { InputName, RawInputs } from '../inputs/table.ts';
import { parsePercent } from '../inputs/values.ts';
import { CONVERTING, type Optimizer } from '../types/config.ts';
import type { Inputs } from '../types/inputs.ts';
import type { ModelSettings, Tolerances, Weights } from '../types/settings.ts';
import { type Found, placeOf, refuseAt, type Section, sectionOf } from './section.ts';
import { LARGEST_COST, LARGEST_P99_MS, LARGEST_WEIGHT, MODEL_SETTINGS, type Setting } from './table.ts';
import { inputText, limitOf, numberOf, percentText } from './values.ts';

/** What stands around a model: the file's defaults, and the inputs given to the action or on the command line. */
export interface Around {
  readonly defaults: Section | null;
  readonly raw: RawInputs;
  readonly outerPlace: PlaceOf;
}

const BALANCED: Weights = { latency: 0.5, cost: 0.5 };

function settingOf(name: string): Setting {
  const found = MODEL_SETTINGS.find((setting) => setting.name === name);
  if (found === undefined) throw new RangeError(`no setting is called ${name}`);
  return found;
}

/** Shares of 1. */
function weightsOf(found: Found): Weights {
  const setting = settingOf('weights');
  const section = sectionOf(found, ['latency', 'cost']);
  const [latency, cost] = (['latency', 'cost'] as const).map((name) => {
    const one = section.get(name);
    if (one === null) throw refuseAt(found, `has no ${name}; expected ${setting.allowed}`);
    return numberOf(one, setting, 0, LARGEST_WEIGHT);
  });
  const sum = (latency ?? 0) + (cost ?? 0);
  if (!(sum > 0)) throw refuseAt(found, `are both 0; expected ${setting.allowed}`);
  return { latency: (latency ?? 0) / sum, cost: (cost ?? 0) / sum };
}

/** One percentage is meant for all optimizers, a map for those that it names; `none` is the optimizer's own. */
function tolerancesOf(found: Found, setting: Setting): Tolerances {
  const named = found.value.kind === 'map' ? sectionOf(found, CONVERTING) : null;
  const tolerances: Partial<Record<Optimizer, number>> = {};
  for (const optimizer of CONVERTING) {
    const one = named === null ? found : named.get(optimizer);
    const share =
      one === null
        ? null
        : parsePercent({ place: placeOf(one), value: percentText(one, setting), allowed: setting.allowed });
    if (share !== null) tolerances[optimizer] = share;
  }
  return tolerances;
}

/** The inputs of one model: what is said of it, else of all, else outside the file. */
function inputsOf(path: string, look: (name: string) => Found | null, { raw, outerPlace }: Around): Inputs {
  const texts: Partial<Record<InputName, string>> = {};
  const places = new Map<InputName, string>();
  for (const setting of MODEL_SETTINGS) {
    const found = look(setting.name);
    if (found === null || setting.input === undefined) continue;
    texts[setting.input] = inputText(found, setting);
    places.set(setting.input, placeOf(found));
  }
  return readInputs({ ...raw, ...texts, model: path }, (name) => places.get(name) ?? outerPlace(name));
}

/**
 * What a run needs of one model.
 * @param own what the file says of it alone; null where it only names it
 * @throws AyciError `bad-input`
 */
export function readModel(path: string, place: string, own: Section | null, around: Around): ModelSettings {
  const look = (name: string): Found | null => own?.get(name) ?? around.defaults?.get(name) ?? null;
  const said = <T>(name: string, preset: T, read: (found: Found, setting: Setting) => T): T => {
    const found = look(name);
    return found === null ? preset : read(found, settingOf(name));
  };
  return {
    place,
    inputs: inputsOf(path, look, around),
    weights: said('weights', BALANCED, weightsOf),
    serviceLevels: {
      maxP99Ms: said<number | null>('max-p99-ms', null, (found, setting) => limitOf(found, setting, LARGEST_P99_MS)),
      maxCostPerMillionUsd: said<number | null>('max-cost-per-million-usd', null, (found, setting) =>
        limitOf(found, setting, LARGEST_COST),
      ),
    },
    outputTolerances: said<Tolerances>('output-tolerance', {}, tolerancesOf),
  };
}
