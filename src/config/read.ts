import { AyciError } from '../errors.ts';
import { type PlaceOf, readInputs } from '../inputs/read.ts';
import type { RawInputs } from '../inputs/table.ts';
import { quoted } from '../inputs/values.ts';
import type { ModelSettings, Settings } from '../types/settings.ts';
import { type Around, readModel } from './model.ts';
import { type ListFiles, modelsOf } from './paths.ts';
import { type Found, itemsOf, kindOf, placeOf, refuseAt, type Section, sectionOf } from './section.ts';
import { MODEL_SETTINGS, MOST_MODELS, PATH_SETTING, RUN_SETTINGS, type Setting } from './table.ts';
import { flagOf, inputText } from './values.ts';
import { readWaivers } from './waivers.ts';
import { readYaml } from './yaml.ts';

export interface ReadContext {
  /** The day (UTC) that waivers are held against, `2026-11-24`. */
  readonly today: string;
  /** How messages name an input from outside the file: `--memory`, `with: memory`. */
  readonly outerPlace: PlaceOf;
}

const TOP = ['models', 'defaults', ...RUN_SETTINGS.map(({ name }) => name), 'waivers'];
const OF_MODELS = MODEL_SETTINGS.map(({ name }) => name);

function runSetting(name: string): Setting {
  const found = RUN_SETTINGS.find((setting) => setting.name === name);
  if (found === undefined) throw new RangeError(`no setting of the run is called ${name}`);
  return found;
}

/** One entry of `models`: a map, or a path alone. */
function entryOf(item: Found): { readonly path: Found; readonly own: Section | null } {
  if (item.value.kind === 'scalar') return { path: item, own: null };
  const own = sectionOf(item, [PATH_SETTING.name, ...OF_MODELS]);
  const path = own.get(PATH_SETTING.name);
  if (path === null) throw refuseAt(item, `has no path; expected ${PATH_SETTING.allowed}`);
  return { path, own };
}

async function readModels(found: Found, around: Around, list: ListFiles): Promise<readonly ModelSettings[]> {
  const models = new Map<string, ModelSettings>();
  const firstIn = new Map<string, string>();
  for (const item of itemsOf(found, MOST_MODELS, 'a list of models')) {
    const { path: at, own } = entryOf(item);
    for (const path of await modelsOf(at, PATH_SETTING, list)) {
      const before = firstIn.get(path);
      if (before !== undefined) {
        throw refuseAt(
          at,
          `names ${quoted(path)} again; expected each model once (it is in ${before})`,
          'Narrow the glob, or take one away.',
        );
      }
      firstIn.set(path, item.path);
      models.set(path, readModel(path, placeOf(at), own, around));
    }
  }
  if (models.size > MOST_MODELS) throw refuseAt(found, `name ${models.size} models; expected at most ${MOST_MODELS}`);
  return [...models.values()];
}

/**
 * Reads a configuration of several models. What the file says of a model beats its defaults, those beat the inputs of the
 * action or command line, and those the built-in defaults: GitHub hands the action's own defaults over as if they were
 * given, so a given one cannot be told from them.
 * @param file how messages name it: `.github/ayci.yml`
 * @param outer inputs of the action or command line
 * @param list the files of the repository, see `ListFiles`
 * @throws AyciError `bad-input` with file, line, what is wrong and what is allowed
 */
export async function readConfig(
  text: string,
  file: string,
  outer: RawInputs,
  list: ListFiles,
  { today, outerPlace }: ReadContext,
): Promise<Settings> {
  if (outer.model !== undefined) {
    throw new AyciError(
      'bad-input',
      `${outerPlace('model')}: is given beside a configuration file, got ${quoted(outer.model)}; expected one of the two`,
      {
        hint: `Write it under models in ${file}.`,
      },
    );
  }
  const top: Found = { file, path: '', line: 1, value: readYaml(text, file) };
  const { value } = top;
  if (value.kind === 'scalar' && value.value === null) {
    throw refuseAt(top, 'is empty; expected models: with at least one model', 'ayci init writes a first one.');
  }
  if (value.kind !== 'map') throw refuseAt(top, `is ${kindOf(value)}; expected a map with ${TOP.join(', ')}`);
  const section = sectionOf(top, TOP);
  const defaultsAt = section.get('defaults');
  const defaults = defaultsAt === null ? null : sectionOf(defaultsAt, OF_MODELS);
  const failOn = section.get('fail-on');
  const raw: RawInputs = failOn === null ? outer : { ...outer, 'fail-on': inputText(failOn, runSetting('fail-on')) };
  const place: PlaceOf = (name) => (name === 'fail-on' && failOn !== null ? placeOf(failOn) : outerPlace(name));
  const withoutFile = readInputs({ ...outer, model: file }, outerPlace);
  const around: Around = { defaults, raw, outerPlace: place };
  // Also where every model says otherwise: what is wrong in them is never passed over.
  readModel(file, placeOf(top), null, around);
  const modelsAt = section.get('models');
  if (modelsAt === null) throw refuseAt(top, 'has no models; expected models: with at least one model');
  const [first, ...others] = await readModels(modelsAt, around, list);
  if (first === undefined) throw refuseAt(modelsAt, 'is an empty list; expected at least one model');
  const models = [first, ...others] as const;
  const onlyChanged = section.get('only-changed');
  return {
    file,
    models,
    failOn: first.inputs.failOn,
    waivers: readWaivers(
      section.get('waivers'),
      models.map(({ inputs }) => inputs.model),
      today,
    ),
    onlyChanged: onlyChanged === null ? false : flagOf(onlyChanged, runSetting('only-changed')),
    withoutFile,
  };
}
