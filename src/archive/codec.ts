import * as v from 'valibot';
import { HARDWARE, OPTIMIZERS, ROLES } from '../types/config.ts';
import { FAILURES, type Measurement } from '../types/measurement.ts';
import { decodeJson } from './json.ts';

export const RESULTS_SCHEMA = 1;

const text = v.pipe(v.string(), v.maxLength(4096));
const number = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const maybe = v.nullable(number);

const key = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}-\d{1,15}$/));
const config = v.strictObject({
  hardware: v.picklist(HARDWARE),
  optimizer: v.picklist(OPTIMIZERS),
  memoryMb: count,
  batch: count,
});
const provenance = v.strictObject({
  target: text,
  runtimeDigest: text,
  harness: text,
  cpu: v.nullable(text),
  image: v.nullable(text),
  region: v.nullable(text),
  limits: text,
  seed: count,
  candidateInputs: v.array(text),
  baselineInputs: v.nullable(v.array(text)),
});
const subject = v.strictObject({
  latencyMs: v.strictObject({ p50: number, p90: maybe, p99: maybe, mean: number, samples: count }),
  phasesMs: v.strictObject({ import: maybe, fetch: maybe, load: maybe, first: maybe, optimize: maybe, compile: maybe }),
  peakMb: maybe,
  artifact: v.optional(
    v.nullable(
      v.strictObject({ bytes: count, notes: v.array(text), converters: v.optional(v.record(text, text), {}) }),
    ),
    null,
  ),
});
const sandboxSubject = v.strictObject({ wallMs: maybe, cpuMs: maybe, coldMs: maybe, peakMb: maybe });
const sandbox = v.strictObject({
  first: v.picklist(ROLES),
  quads: count,
  pair: v.nullable(v.strictObject({ wall: number, cpu: number })),
  cpuPerWall: number,
  candidate: v.nullable(sandboxSubject),
  baseline: v.nullable(sandboxSubject),
});
const failure = v.nullable(v.strictObject({ code: v.picklist(FAILURES), message: text }));
const comparison = v.nullable(
  v.strictObject({
    maxAbsoluteDifference: maybe,
    relativeDifference: maybe,
    varies: v.boolean(),
    problem: v.nullable(text),
  }),
);
const environment = v.strictObject({
  provenance,
  cpuModels: v.array(text),
  versions: v.record(text, text),
  threads: count,
});
const record = v.strictObject({
  config,
  candidateKey: key,
  baselineKey: v.nullable(key),
  mode: v.picklist(['paired', 'alternating', 'solo']),
  environment: count,
  measuredAt: v.pipe(text, v.isoTimestamp()),
  run: text,
  candidate: v.nullable(subject),
  baseline: v.nullable(subject),
  candidateFailure: failure,
  baselineFailure: failure,
  sandboxes: v.array(sandbox),
  output: comparison,
  outputChange: comparison,
});
const results = v.strictObject({
  schema: v.literal(RESULTS_SCHEMA),
  environments: v.array(environment),
  records: v.array(record),
});

export type DecodedResults =
  | { readonly ok: true; readonly measurements: readonly Measurement[] }
  | { readonly ok: false; readonly problem: string };

/** Reads a results object; whatever does not fit the schema makes the whole of it unreadable, with the reason. */
export function decodeResults(bytes: Uint8Array): DecodedResults {
  const decoded = decodeJson(bytes, RESULTS_SCHEMA, results);
  if (!decoded.ok) return decoded;
  const { environments, records } = decoded.value;
  const measurements: Measurement[] = [];
  for (const { environment: index, ...rest } of records) {
    const shared = environments[index];
    if (shared === undefined) return { ok: false, problem: `it is damaged (no environment ${index})` };
    measurements.push({ ...rest, ...shared });
  }
  return { ok: true, measurements };
}

/** Figures keep six digits: more than any clock gives, and a fifth of the bytes. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

/** Writes a results object; what many measurements share (provenance, versions) is written once. */
export function encodeResults(measurements: readonly Measurement[]): Uint8Array {
  const environments = new Map<string, number>();
  const records = measurements.map(({ provenance: made, cpuModels, versions, threads, ...rest }) => {
    const shared = JSON.stringify({ provenance: made, cpuModels, versions, threads });
    const known = environments.get(shared) ?? environments.size;
    environments.set(shared, known);
    return { ...rest, environment: known };
  });
  const shared = [...environments.keys()].map((one) => JSON.parse(one));
  return new TextEncoder().encode(JSON.stringify({ schema: RESULTS_SCHEMA, environments: shared, records }, rounded));
}
