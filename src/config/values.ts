import { parseOverrides } from '../inputs/overrides.ts';
import { quoted, refuse, type Written } from '../inputs/values.ts';
import { type Found, itemsOf, kindOf, placeOf, refuseAt } from './section.ts';
import type { Setting } from './table.ts';
import { LONGEST_TEXT, MOST_INPUTS } from './value-schemas.ts';

/** Most items of one list, such as memory sizes. */
const MOST_ITEMS = 1000;
/** Also what would break a message or a list in two. */
const CONTROL = /\p{Cc}/u;

type Scalar = string | number;

function scalar(found: Found, { allowed }: Pick<Setting, 'allowed'>): Scalar {
  const { value } = found;
  if (value.kind !== 'scalar' || value.value === null || typeof value.value === 'boolean') {
    throw refuseAt(found, `is ${kindOf(value)}; expected ${allowed}`);
  }
  const written = String(value.value);
  if (CONTROL.test(written))
    throw refuse({ place: placeOf(found), value: written, allowed }, 'has a line break or control character');
  if (written.length > LONGEST_TEXT)
    throw refuseAt(found, `has ${written.length} characters; expected at most ${LONGEST_TEXT}`);
  return value.value;
}

/** A value of one line, with the words for an error. */
export function written(found: Found, setting: Pick<Setting, 'allowed'>): Written {
  const value = scalar(found, setting);
  if (typeof value === 'number')
    throw refuseAt(
      found,
      `is a number, got ${value}; expected ${setting.allowed}`,
      'Put it in quotes if it is meant as text.',
    );
  if (value.trim() === '') throw refuseAt(found, `is empty; expected ${setting.allowed}`);
  return { place: placeOf(found), value, allowed: setting.allowed };
}

/** One item of a YAML list; only the whole value may hold commas. */
function itemText(item: Found, setting: Setting): string {
  const value = scalar(item, setting);
  const fits =
    setting.kind === 'integers' ? typeof value === 'number' : value === String(value).trim() && !value.includes(',');
  if (!fits) throw refuse({ place: placeOf(item), value: String(value), allowed: setting.allowed }, 'is not one item');
  return String(value);
}

/** A map of names to texts, as the lines `NAME=value` that inputs take. */
function pairs(found: Found, setting: Setting): readonly string[] {
  const { value, file, path } = found;
  if (value.kind !== 'map') throw refuseAt(found, `is ${kindOf(value)}; expected ${setting.allowed}`);
  if (value.entries.size > MOST_INPUTS)
    throw refuseAt(found, `names ${value.entries.size} inputs; expected at most ${MOST_INPUTS}`);
  return [...value.entries].map(([name, entry]) => {
    const at: Found = { file, path: `${path}.${quoted(name)}`, line: entry.line, value: entry.value };
    if (name === '' || name.length > 200 || CONTROL.test(name))
      throw refuseAt(at, 'is not a name of an input; expected 1 to 200 characters without line breaks');
    const text = written(at, setting);
    if (text.value.includes('=')) throw refuse(text, 'has an equals sign');
    const pair = `${name}=${text.value}`;
    // Here, so that a message names the line of this one.
    const of = (input: string): readonly Written[] => (setting.input === input ? [{ ...text, value: pair }] : []);
    parseOverrides(of('input-shape'), of('input-range'), of('input'));
    return pair;
  });
}

/** A percentage, or what is none and will be refused as one. */
export function percentText(found: Found, setting: Pick<Setting, 'allowed'>): string {
  return String(scalar(found, setting));
}

/**
 * A setting as the input of the same name takes it; a map becomes several lines.
 * @throws AyciError `bad-input` for a value of the wrong kind
 */
export function inputText(found: Found, setting: Setting): string {
  switch (setting.kind) {
    case 'map':
      return pairs(found, setting).join('\n');
    case 'percent':
      return percentText(found, setting);
    case 'words':
    case 'integers': {
      if (found.value.kind !== 'list') return String(scalar(found, setting));
      const items = itemsOf(found, MOST_ITEMS, setting.allowed);
      if (items.length === 0) throw refuseAt(found, `is an empty list; expected ${setting.allowed}`);
      return items.map((item) => itemText(item, setting)).join(',');
    }
    default:
      return written(found, setting).value;
  }
}

/** A number within bounds, written as one. */
export function numberOf(found: Found, setting: Pick<Setting, 'allowed'>, least: number, most: number): number {
  const value = scalar(found, setting);
  if (typeof value !== 'number')
    throw refuse({ place: placeOf(found), value, allowed: setting.allowed }, 'is not a number');
  if (!(value >= least && value <= most))
    throw refuseAt(found, `is outside the bounds, got ${value}; expected ${setting.allowed}`);
  return value;
}

/** A number above 0, or null for `none`. */
export function limitOf(found: Found, setting: Setting, most: number): number | null {
  if (found.value.kind === 'scalar' && found.value.value === 'none') return null;
  return numberOf(found, setting, Number.MIN_VALUE, most);
}

export function flagOf(found: Found, { allowed }: Setting): boolean {
  const { value } = found;
  if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value;
  throw refuseAt(found, `is ${kindOf(value)}; expected ${allowed}`);
}
