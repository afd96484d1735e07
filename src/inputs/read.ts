import { HARDWARE, OPTIMIZERS } from '../types/config.ts';
import { type ArchivePlace, FAIL_ON, type FailOn, type Inputs } from '../types/inputs.ts';
import { parseRegion, parseRoleArn, parseS3Location } from './aws.ts';
import { parseBaseline } from './baseline.ts';
import { parseOverrides } from './overrides.ts';
import { definitionOf, type InputName, type RawInputs } from './table.ts';
import { parseAmount, parseChoice, parseInteger, parseList, parsePercent, refuse, type Written } from './values.ts';

/** How an entry names an input to its user: `--memory`, or `with: memory`. */
export type PlaceOf = (name: InputName) => string;

function parseArchive(written: Written): ArchivePlace {
  const value = written.value.trim();
  if (value === 'github') return { kind: 'github' };
  if (/^s3:/i.test(value)) return { kind: 's3', ...parseS3Location(written) };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) throw refuse(written, 'is a URL of another kind');
  return { kind: 'folder', path: value };
}

function parseStack(written: Written): string {
  const value = written.value.trim();
  if (!/^[A-Za-z0-9-]{1,64}$/.test(value)) throw refuse(written, 'is not a name of a stack');
  return value;
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
  const archive = written('archive');
  const region = written('aws-region');
  const role = written('role-to-assume');
  const baselineRole = written('baseline-role-to-assume');
  return {
    model: need('model').value,
    baseline: baseline === null ? null : parseBaseline(need('baseline')),
    target: parseChoice(need('target'), ['auto', 'local', 'lambda']),
    hardware: hardware === null ? null : parseList(hardware, (one) => parseChoice(one, HARDWARE)),
    optimizers: parseList(need('optimizer'), (one) => parseChoice(one, OPTIMIZERS)),
    memoriesMb: parseList(need('memory'), (one) => parseInteger(one, 128, 10240)),
    batches: parseList(need('batch'), (one) => parseInteger(one, 1, 4096)),
    overrides: parseOverrides(lines('input-shape'), lines('input-range'), lines('input')),
    archive: archive === null ? null : parseArchive(need('archive')),
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
    maxSpendUsd: parseAmount(need('max-spend-usd'), 10_000),
    region: region === null ? null : parseRegion(need('aws-region')),
    role: role === null ? null : parseRoleArn(need('role-to-assume')),
    baselineRole: baselineRole === null ? null : parseRoleArn(need('baseline-role-to-assume')),
    stack: parseStack(need('stack')),
    runtimeRequirements: written('runtime-requirements') === null ? null : need('runtime-requirements').value.trim(),
    signature: written('signature') === null ? null : need('signature').value,
    seed: parseInteger(need('seed'), 0, 2 ** 32 - 1),
  };
}
