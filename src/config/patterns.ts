import { DTYPES } from '../types/model.ts';

/** Regular expressions (flag `u`) that say in JSON Schema what the readers of `inputs/` accept. */

/** White space that is no line break: what `trim` takes away around a value. */
const GAP = '[^\\S\\p{Cc}]*';

const either = (words: readonly string[]): string => `(?:${words.join('|')})`;
const escaped = (word: string): string => word.replaceAll(/[.+]/g, '\\$&');

/** No item twice between the commas. */
const DISTINCT = `(?!(?:.*,)?${GAP}([^,]+?)${GAP},(?:.*,)?${GAP}\\1${GAP}(?:,|$))`;

function commaList(item: string): string {
  return `^${DISTINCT}${GAP}${item}${GAP}(?:,${GAP}${item}${GAP})*$`;
}

/** One of the words, or several with commas. */
export function wordList(words: readonly string[]): string {
  return commaList(either(words.map(escaped)));
}

export const MEMORY_LIST = commaList('(?:12[89]|1[3-9]\\d|[2-9]\\d\\d|[1-9]\\d{3}|10[01]\\d\\d|102[0-3]\\d|10240)');
export const BATCH_LIST = commaList('(?:[1-9]\\d{0,2}|[1-3]\\d{3}|40[0-8]\\d|409[0-6])');

const NUMBER = '(?=[^%]*[1-9])(?:0?\\d{1,3}(?:\\.\\d{1,4})?|1000(?:\\.0{1,4})?)';
/** Above 0 % and up to 1000 %. */
export const PERCENT = `^${GAP}${NUMBER}${GAP}%${GAP}$`;
export const PERCENT_OR_NONE = `^${GAP}(?:none|${NUMBER}${GAP}%)${GAP}$`;

export function word(words: readonly string[]): string {
  return `^${GAP}${either(words.map(escaped))}${GAP}$`;
}

/** Any text of one line that is not blank. */
export const TEXT = '^(?=.*\\S)[^\\p{Cc}]*$';

const REF = '[^\\s:?*[\\\\\\p{Cc}-][^\\s:?*[\\\\\\p{Cc}]*';
export const BASELINE = `^(?:git:${REF}|key:[0-9a-f]{64}-\\d{1,15}|archive:(?=.{1,200}$)${REF}|(?!git:|key:|archive:)(?=.*\\S)[^\\p{Cc}]*)$`;

const DIMENSION = '(?:0{0,6}[1-9]\\d{0,5}|1000000)';
export const SHAPE = `^${DIMENSION}(?:x${DIMENSION})*(?::${either(DTYPES)})?$`;
export const RANGE = '^[+-]?\\d{1,15}(?:\\.\\d{1,15})?:[+-]?\\d{1,15}(?:\\.\\d{1,15})?$';
/** Name of a SavedModel's signature. */
export const SIGNATURE = '^(?=.*\\S)[^\\p{Cc}]{1,200}$';
export const DATA_FILE = '^@[^=\\p{Cc}]+$';
/** Name of a model's input. */
export const INPUT_NAME = '^[^\\p{Cc}]{1,200}$';

/** Relative, without `..`; a backslash only to escape a character of a glob. */
export const PATH = '^(?!/)(?!(?:.*/)?\\.\\.(?:/|$))(?=.*\\S)(?:[^\\\\\\p{Cc}]*|(?=.*[*?[\\]{}])[^\\p{Cc}]*)$';
export const DATE = '^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])$';
