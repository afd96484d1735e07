import * as v from 'valibot';
import { FRAMEWORKS, HARDWARE, OPTIMIZERS } from '../../types/config.ts';
import { DTYPES } from '../../types/model.ts';
import { CELL_STATUS, type Report } from '../../types/report.ts';
import { METRICS, STATES } from '../../types/verdict.ts';
import { LIMITS } from './limits.ts';

const { characters, entries } = LIMITS;

/** Any text, cut where it is endless. A cut never leaves half a character. */
const text = v.pipe(
  v.string(),
  v.transform((value) =>
    value.length <= characters ? value : `${value.slice(0, characters - 1).replace(/[\ud800-\udbff]$/, '')}…`,
  ),
);
const name = v.pipe(v.string(), v.maxLength(LIMITS.name));
const number = v.pipe(v.number(), v.finite());
const amount = v.pipe(number, v.minValue(0));
const maybeNumber = v.nullable(number);
const maybeAmount = v.nullable(amount);
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const key = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}-[0-9]{1,15}$/));
const commit = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/));
const date = v.pipe(v.string(), v.isoDate());
const timestamp = v.pipe(
  v.string(),
  v.maxLength(40),
  v.isoTimestamp(),
  v.check((value) => !Number.isNaN(Date.parse(value)), 'Invalid time'),
);
const list = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.array(item), v.maxLength(entries));
/** valibot takes a list for an object. */
const object = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value), 'Invalid type'),
);
const record = <Value extends v.GenericSchema>(value: Value) =>
  v.pipe(object, v.record(name, value), v.maxEntries(entries));

const state = v.picklist(STATES);
const config = v.strictObject({
  hardware: v.picklist(HARDWARE),
  optimizer: v.picklist(OPTIMIZERS),
  memoryMb: count,
  batch: count,
});
const latency = v.strictObject({ p50: amount, p90: maybeAmount, p99: maybeAmount, mean: amount, samples: count });
const phases = v.strictObject({
  import: maybeAmount,
  fetch: maybeAmount,
  load: maybeAmount,
  first: maybeAmount,
  optimize: maybeAmount,
  compile: maybeAmount,
});
const memory = v.strictObject({ peak: maybeAmount });
const metric = v.strictObject({
  state,
  clock: v.nullable(v.picklist(['wall', 'cpu'])),
  change: maybeNumber,
  low: maybeNumber,
  high: maybeNumber,
  minimumDetectable: maybeNumber,
  threshold: maybeNumber,
  wallChange: maybeNumber,
  cpuChange: maybeNumber,
  note: v.nullable(text),
  accepted: v.exactOptional(v.strictObject({ until: date, reason: text, upTo: number })),
});
const verdict = v.strictObject({
  state,
  sandboxes: count,
  quads: count,
  metrics: v.pipe(object, v.record(v.picklist(METRICS), metric)),
});
const output = v.strictObject({
  maxAbsoluteDifference: maybeNumber,
  relativeDifference: maybeNumber,
  equivalent: v.boolean(),
  problem: v.nullable(text),
});
const provenance = v.strictObject({
  measuredAt: timestamp,
  runtimeDigest: text,
  runtimeVersions: record(text),
  cpu: v.nullable(text),
  region: v.nullable(text),
  harness: text,
  threads: count,
  mode: v.picklist(['paired', 'alternating', 'solo']),
  limits: text,
});
const artifact = v.nullable(
  v.strictObject({ bytes: count, notes: v.array(text), converters: v.optional(v.record(text, text), {}) }),
);
const cell = v.strictObject({
  config,
  status: v.picklist(CELL_STATUS),
  reason: v.nullable(text),
  latencyMs: v.nullable(latency),
  throughputPerSecond: maybeAmount,
  phasesMs: v.nullable(phases),
  artifact,
  memoryMb: v.nullable(memory),
  costPerMillionUsd: maybeAmount,
  costIndex: maybeAmount,
  pareto: v.boolean(),
  baseline: v.nullable(
    v.strictObject({
      latencyMs: latency,
      throughputPerSecond: amount,
      costPerMillionUsd: amount,
      memoryMb: memory,
      phasesMs: phases,
      artifact,
    }),
  ),
  verdict: v.nullable(verdict),
  output: v.nullable(output),
  outputChange: v.nullable(output),
  provenance: v.nullable(provenance),
});
const fill = v.variant('kind', [
  v.strictObject({ kind: v.literal('normal') }),
  v.strictObject({ kind: v.literal('ones') }),
  v.strictObject({ kind: v.literal('zeros') }),
  v.strictObject({ kind: v.literal('range'), low: number, high: number }),
  v.strictObject({ kind: v.literal('file'), url: text, sha256: text, size: count }),
]);
const model = v.strictObject({
  path: text,
  key,
  framework: v.picklist(FRAMEWORKS),
  verdict: state,
  baselinePath: v.nullable(text),
  baselineKey: v.nullable(key),
  baselineRef: v.nullable(text),
  inputs: list(v.strictObject({ name: text, dtype: v.picklist(DTYPES), shape: list(count), fill })),
  overrides: list(v.strictObject({ input: text, value: text })),
  cells: v.pipe(v.array(cell), v.maxLength(LIMITS.cells)),
  best: v.strictObject({
    cheapest: v.nullable(config),
    fastest: v.nullable(config),
    balanced: v.nullable(config),
  }),
  operatorChanges: record(v.pipe(v.number(), v.safeInteger())),
  modelChanges: list(text),
});
const run = v.strictObject({
  target: text,
  seed: count,
  calls: count,
  sandboxes: count,
  seconds: amount,
  spentUsd: amount,
  reused: count,
  baselineRef: v.nullable(text),
  commit: v.nullable(commit),
  baseCommit: v.nullable(commit),
  startedAt: timestamp,
  /** It is shown as something to type: nothing but a program and where it comes from. */
  command: v.pipe(
    v.string(),
    v.regex(/^(node dist\/cli\.js|npx --yes github:[\w.-]{1,100}\/[\w.-]{1,100}#[\w./-]{1,100})$/),
  ),
  ayciVersion: text,
  priceRegion: text,
  priceDate: text,
  gateChanges: list(text),
  waivers: list(
    v.strictObject({
      model: text,
      metric: text,
      upTo: number,
      expires: date,
      reason: text,
      state: v.picklist(['in force', 'expired', 'unused']),
    }),
  ),
  baseline: v.nullable(
    v.strictObject({
      commit: v.nullable(commit),
      from: v.nullable(v.picklist(['history', 'git', 'given'])),
      note: v.nullable(text),
    }),
  ),
  legs: v.nullable(v.strictObject({ expected: list(text), missing: list(text) })),
  notes: list(text),
});

/** `docs/report.schema.json`, and bounds besides. */
export const REPORT: v.GenericSchema<unknown, Report> = v.strictObject({
  schema: v.literal(1),
  verdict: state,
  gate: v.picklist(['passed', 'failed', 'none']),
  error: v.nullable(v.strictObject({ code: text, message: text })),
  models: v.pipe(v.array(model), v.maxLength(LIMITS.models)),
  run,
});
