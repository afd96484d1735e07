import { AyciError } from '../errors.ts';

/** One value as a user wrote it, with the words an error needs. */
export interface Written {
  /** `--memory` or `with: memory`. */
  readonly place: string;
  readonly value: string;
  readonly allowed: string;
}

/** Quotes a value for a message: one line, no control characters, not endless. */
export function quoted(value: string): string {
  const shown = value.length > 80 ? `${value.slice(0, 77)}…` : value;
  return JSON.stringify(shown);
}

export function refuse(written: Written, what: string, hint?: string): AyciError {
  const message = `${written.place}: ${what}, got ${quoted(written.value)}; expected ${written.allowed}`;
  return new AyciError('bad-input', message, hint === undefined ? {} : { hint });
}

export function parseInteger(written: Written, min: number, max: number): number {
  const text = written.value.trim();
  if (!/^\d{1,15}$/.test(text)) throw refuse(written, 'is not a whole number in plain digits');
  const number = Number(text);
  if (number < min || number > max) throw refuse(written, `is outside ${min} to ${max}`);
  return number;
}

/** An amount of money, above 0. */
export function parseAmount(written: Written, max: number): number {
  const text = written.value.trim();
  if (!/^\d{1,8}(\.\d{1,6})?$/.test(text)) throw refuse(written, 'is not an amount in plain digits');
  const number = Number(text);
  if (number <= 0 || number > max) throw refuse(written, `is outside 0 (not included) to ${max}`);
  return number;
}

/** A comma-separated list without empty or doubled items. */
export function parseList<T>(written: Written, item: (one: Written) => T): T[] {
  const parts = written.value.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) {
    throw refuse(written, parts.length === 1 ? 'is an empty list' : 'has an empty item');
  }
  const items = parts.map((value) => item({ ...written, value }));
  if (new Set(items).size !== items.length) throw refuse(written, 'names an item twice');
  return items;
}

export function parseChoice<T extends string>(written: Written, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === written.value.trim());
  if (found === undefined) throw refuse(written, 'is not known');
  return found;
}

/** `5%` as 0.05; `none` as null. */
export function parsePercent(written: Written): number | null {
  const text = written.value.trim();
  if (text === 'none') return null;
  const match = /^(\d{1,4}(?:\.\d{1,4})?)\s*%$/.exec(text);
  if (match?.[1] === undefined) {
    if (/^\d+(\.\d+)?$/.test(text)) {
      throw refuse(
        written,
        `has no % sign and would mean ${Number(text) * 100} %`,
        `Write ${text}% for ${text} percent.`,
      );
    }
    throw refuse(written, 'is not a percentage');
  }
  const ratio = Number(match[1]) / 100;
  if (ratio <= 0 || ratio > 10) throw refuse(written, 'is outside 0% (not included) to 1000%');
  return ratio;
}

/** `NAME=value`, cut at the last `=`: input names may hold one. */
export function parsePair(written: Written): { readonly name: string; readonly value: string } {
  const at = written.value.lastIndexOf('=');
  if (at <= 0 || at === written.value.length - 1) throw refuse(written, 'is not NAME=value');
  return { name: written.value.slice(0, at), value: written.value.slice(at + 1) };
}
