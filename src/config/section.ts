import { AyciError } from '../errors.ts';
import { didYouMean } from '../inputs/suggest.ts';
import { INPUT_NAMES } from '../inputs/table.ts';
import { quoted } from '../inputs/values.ts';
import { MODEL_SETTINGS } from './table.ts';
import type { Located } from './yaml.ts';

/** A value of the file with its place: `.github/ayci.yml:12: models[0].memory`. */
export interface Found {
  readonly file: string;
  /** `models[0].memory`. */
  readonly path: string;
  readonly line: number;
  readonly value: Located;
}

export function placeOf({ file, line, path }: Pick<Found, 'file' | 'line' | 'path'>): string {
  return path === '' ? `${file}:${line}` : `${file}:${line}: ${path}`;
}

export function refuseAt(found: Found, what: string, hint?: string): AyciError {
  return new AyciError('bad-input', `${placeOf(found)}: ${what}`, hint === undefined ? {} : { hint });
}

/** What a value is, where it is not what was expected. */
export function kindOf(value: Located): string {
  if (value.kind !== 'scalar') return `a ${value.kind}`;
  if (value.value === null) return 'nothing';
  return typeof value.value === 'string' ? 'text' : typeof value.value === 'number' ? 'a number' : 'true or false';
}

/** Why a key is not known, and what to do. */
function unknownKey(name: string, known: readonly string[]): string {
  if (known.includes('models') && MODEL_SETTINGS.some((setting) => setting.name === name))
    return 'It is said of models: write it under defaults, or under one of models.';
  const near = didYouMean(name, known);
  if (near !== '') return near;
  if ((INPUT_NAMES as readonly string[]).includes(name))
    return 'It is said of the whole run: give it to the action or on the command line.';
  return 'docs/config-file.md has them all.';
}

/** A map whose keys are all known. */
export interface Section {
  readonly at: Found;
  get(name: string): Found | null;
}

/**
 * @param known the names that it may have
 * @throws AyciError `bad-input` where it is no map or has another key
 */
export function sectionOf(found: Found, known: readonly string[]): Section {
  const { file, path, value } = found;
  if (value.kind !== 'map') throw refuseAt(found, `is ${kindOf(value)}; expected a map with ${known.join(', ')}`);
  const within = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const [name, { line }] of value.entries) {
    if (known.includes(name)) continue;
    throw refuseAt(
      { ...found, line },
      `has no setting ${quoted(name)}; expected ${known.join(', ')}`,
      unknownKey(name, known),
    );
  }
  return {
    at: found,
    get(name) {
      const entry = value.entries.get(name);
      return entry === undefined ? null : { file, path: within(name), line: entry.line, value: entry.value };
    },
  };
}

/**
 * The items of a list.
 * @throws AyciError `bad-input` where it is no list, or holds none or more than `most`
 */
export function itemsOf(found: Found, most: number, expected: string): readonly Found[] {
  const { file, path, value } = found;
  if (value.kind !== 'list') throw refuseAt(found, `is ${kindOf(value)}; expected ${expected}`);
  if (value.items.length > most) throw refuseAt(found, `has ${value.items.length} items; expected at most ${most}`);
  return value.items.map((item, at) => ({ file, path: `${path}[${at}]`, line: item.line, value: item }));
}
