import { HARDWARE, OPTIMIZERS } from '../types/config.ts';
import { type BaselineRef, FAIL_ON, type FailOn, type Inputs } from '../types/inputs.ts';
import { parseOverrides } from './overrides.ts';
import { definitionOf, type InputName, type RawInputs } from './table.ts';
import { parseChoice, parseInteger, parseList, parsePercent, refuse, type Written } from './values.ts';

/** How an entry names an input to its user: `--memory`, or `with: memory`. */
export type PlaceOf = (name: InputName) => string;

function parseBaseline(written: Written): BaselineRef {
  const value = written.value;
  if (value.startsWith('git:')) {
    const ref = value.slice(4);
    // A ref that starts with a dash would be read as an option by git.
    if (!/^[^\s:?*[\\-][^\s:?*[\\]*$/.test(ref)) throw refuse(written, 'is not a git ref');
    return { kind: 'git', ref };
  }
  if (value.startsWith('key:')) {
    const key = value.slice(4);
    if (!/^[0-9a-f]{64}-\d{1,15}$/.test(key)) throw refuse(written, 'is not a model key (<sha256>-<size>)');
    return { kind: 'key', key };
  }
  return { kind: 'path', path: value };
}

function parseFailOn(written: Written): readonly FailOn[] {
  if (written.value.trim() === 'never') return [];
  return parseList(written, (one) => parseChoice(one, FAIL_ON));
}

/**
 * Checks what a user wrote.
 * @throws AyciError `bad-input`, naming the place, the value and what is allowed
 */
export function readInputs(raw: RawInputs, placeOf: PlaceOf): Inputs {
  const written = (name: InputName): Written | null => {
    const definition = definitionOf(name);
    const value = raw[name] ?? definition.default;
    return value === null ? null : { place: placeOf(name), value, allowed: definition.allowed };
  };
  const need = (name: InputName): Written => {
    const found = written(name) ?? { place: placeOf(name), value: '', allowed: definitionOf(name).allowed };
    if (found.value.trim() === '') throw refuse(found, 'is missing or empty');
    return found;
  };
  const lines = (name: InputName): readonly Written[] => {
    const all = written(name);
    if (all === null) return [];
    return all.value
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((value) => ({ ...all, value }));
  };
  const baseline = written('baseline');
  const hardware = written('hardware');
  return {
    model: need('model').value,
    baseline: baseline === null ? null : parseBaseline(need('baseline')),
    target: parseChoice(need('target'), ['auto', 'local']),
    hardware: hardware === null ? null : parseList(hardware, (one) => parseChoice(one, HARDWARE)),
    optimizers: parseList(need('optimizer'), (one) => parseChoice(one, OPTIMIZERS)),
    memoriesMb: parseList(need('memory'), (one) => parseInteger(one, 128, 10240)),
    batches: parseList(need('batch'), (one) => parseInteger(one, 1, 4096)),
    overrides: parseOverrides(lines('input-shape'), lines('input-range'), lines('input')),
    archive: need('archive').value,
    reportDir: need('report-dir').value,
    thresholds: {
      latency: parsePercent(need('max-latency-regression')),
      cost: parsePercent(need('max-cost-regression')),
      memory: parsePercent(need('max-memory-regression')),
      coldStart: parsePercent(need('max-cold-start-regression')),
    },
    maxOutputDifference: parsePercent(need('max-output-difference')),
    gateOn: parseChoice(need('gate-on'), ['cells', 'best']),
    failOn: parseFailOn(need('fail-on')),
    maxMinutes: parseInteger(need('max-minutes'), 1, 360),
    maxCalls: parseInteger(need('max-calls'), 1, 1_000_000),
    region: need('aws-region').value.trim(),
    seed: parseInteger(need('seed'), 0, 2 ** 32 - 1),
  };
}
