import { parseChoice, parsePercent, refuse, type Written } from '../inputs/values.ts';
import type { Waiver } from '../types/settings.ts';
import type { Metric } from '../types/verdict.ts';
import { matcherOf, pathOf } from './paths.ts';
import { type Found, itemsOf, placeOf, refuseAt, type Section, sectionOf } from './section.ts';
import { LONGEST_REASON, MOST_WAIVERS, type Setting, WAIVER_METRICS, WAIVER_SETTINGS } from './table.ts';
import { inputText, written } from './values.ts';

const NAMES = WAIVER_SETTINGS.map(({ name }) => name);

function settingOf(name: string): Setting {
  const found = WAIVER_SETTINGS.find((setting) => setting.name === name);
  if (found === undefined) throw new RangeError(`no setting of waivers is called ${name}`);
  return found;
}

function need(section: Section, name: string): Found {
  const found = section.get(name);
  if (found === null) throw refuseAt(section.at, `has no ${name}; expected ${settingOf(name).allowed}`);
  return found;
}

/** The same day a year later; of 29 February 1 March. */
function yearAfter(today: string): string {
  const day = new Date(`${today}T00:00:00Z`);
  day.setUTCFullYear(day.getUTCFullYear() + 1);
  return day.toISOString().slice(0, 10);
}

function dateOf(text: Written, today: string): string {
  const value = text.value.trim();
  const day = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : null;
  if (day === null || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value) {
    throw refuse(text, 'is not a date');
  }
  if (value > yearAfter(today))
    throw refuse(text, `is more than a year ahead of ${today}`, 'Waivers end, so that somebody looks again.');
  return value;
}

function upToOf(section: Section, metric: Metric): number | null {
  const found = section.get('up-to');
  if (metric === 'runs') {
    if (found !== null) throw refuseAt(found, 'is given, but runs has no size; expected no up-to', 'Leave it out.');
    return null;
  }
  const setting = settingOf('up-to');
  const at = found ?? need(section, 'up-to');
  const text: Written = { place: placeOf(at), value: inputText(at, setting), allowed: setting.allowed };
  const upTo = parsePercent(text);
  if (upTo === null) throw refuse(text, 'is no limit');
  return upTo;
}

function reasonOf(section: Section): string {
  const text = written(need(section, 'reason'), settingOf('reason'));
  if (text.value.length > LONGEST_REASON) throw refuse(text, `has ${text.value.length} characters`);
  return text.value.trim();
}

function readWaiver(at: Found, models: readonly string[], today: string): Waiver {
  const section = sectionOf(at, NAMES);
  const model = pathOf(need(section, 'model'), settingOf('model'));
  const named = parseChoice(written(need(section, 'metric'), settingOf('metric')), WAIVER_METRICS);
  const metric: Metric = named === 'cold-start' ? 'coldStart' : named;
  return {
    model,
    models: models.filter(matcherOf(model)),
    metric,
    upTo: upToOf(section, metric),
    expires: dateOf(written(need(section, 'expires'), settingOf('expires')), today),
    reason: reasonOf(section),
    place: placeOf(at),
  };
}

/**
 * The accepted regressions.
 * @param models paths of the configuration's models
 * @param today `2026-11-24` (UTC)
 * @throws AyciError `bad-input` for one without date or reason, without end, or said twice
 */
export function readWaivers(found: Found | null, models: readonly string[], today: string): readonly Waiver[] {
  if (found === null) return [];
  const seen = new Map<string, string>();
  return itemsOf(found, MOST_WAIVERS, 'a list of waivers').map((at) => {
    const waiver = readWaiver(at, models, today);
    const key = JSON.stringify([waiver.model, waiver.metric]);
    const before = seen.get(key);
    if (before !== undefined) throw refuseAt(at, `is for the same model and metric as ${before}; expected one of them`);
    seen.set(key, at.path);
    return waiver;
  });
}
