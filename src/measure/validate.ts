import * as v from 'valibot';
import { ROLES } from '../types/config.ts';
import {
  type ConvertFailure,
  type ConvertResponse,
  type DescribeResponse,
  type ExcludedResponse,
  type MeasureResponse,
  RUNTIME_ERRORS,
} from '../types/protocol.ts';

// A runtime has run a model, and a model is code of whoever wrote it: what comes back is checked like any input.
const text = v.pipe(v.string(), v.maxLength(1024));
const ms = v.pipe(v.number(), v.finite(), v.minValue(0));
const maybeMs = v.nullable(ms);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const agreement = v.nullable(
  v.strictObject({
    maxAbsoluteDifference: maybeMs,
    maxAbsoluteReference: ms,
    varies: v.boolean(),
    problem: v.nullable(text),
  }),
);
const sandbox = v.strictObject({ id: text, requests: count, cold: v.boolean(), retired: v.boolean() });
const environment = v.strictObject({ cpu: text, threads: count, versions: v.record(text, text) });
const subject = v.strictObject({
  role: v.picklist(ROLES),
  fetchMs: ms,
  loadMs: ms,
  firstMs: ms,
  peakMb: maybeMs,
  stretch: v.strictObject({ wallMs: ms, cpuMs: ms, samplesMs: v.array(ms) }),
  outputs: v.array(v.strictObject({ name: text, dtype: text, shape: v.array(count) })),
  fingerprint: sha256,
  agreement,
});
const measure = v.strictObject({
  protocol: v.literal(1),
  op: v.literal('measure'),
  nonce: text,
  sandbox,
  importMs: ms,
  subjects: v.pipe(v.array(subject), v.minLength(1), v.maxLength(2)),
  blocks: v.array(v.strictObject({ role: v.picklist(ROLES), count, wallMs: ms, cpuMs: ms })),
  change: agreement,
  truncated: v.boolean(),
  environment,
});
const excluded = v.strictObject({ protocol: v.literal(1), op: v.literal('excluded'), nonce: text, sandbox });
const describe = v.strictObject({
  protocol: v.literal(1),
  op: v.literal('describe'),
  nonce: text,
  sandbox,
  environment,
  inputs: v.nullable(
    v.array(
      v.strictObject({
        name: text,
        dtype: v.nullable(text),
        dims: v.nullable(v.array(v.nullable(v.union([count, text])))),
      }),
    ),
  ),
  outputs: v.nullable(v.array(v.strictObject({ name: text, dtype: v.nullable(text) }))),
});
const MAX_SLOTS = 16;
const slot = v.exactOptional(v.pipe(count, v.maxValue(MAX_SLOTS - 1)));
const made = v.picklist(['convert', 'infer']);
const convert = v.strictObject({
  protocol: v.literal(1),
  op: made,
  nonce: text,
  entry: text,
  files: v.array(v.strictObject({ path: text, sha256, size: count, slot })),
  optimizeMs: maybeMs,
  compileMs: maybeMs,
  notes: v.exactOptional(v.pipe(v.array(text), v.maxLength(20))),
  environment,
});

const failure = v.strictObject({
  protocol: v.literal(1),
  op: made,
  nonce: text,
  errorType: v.picklist(RUNTIME_ERRORS),
  errorMessage: text,
});

function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | null {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : null;
}

/** The response as a measurement, or null where it is none. */
export function asMeasureResponse(response: unknown): MeasureResponse | null {
  return parsed(measure, response);
}

/** The response as that of a sandbox which the request excludes, or null where it is none. */
export function asExcludedResponse(response: unknown): ExcludedResponse | null {
  return parsed(excluded, response);
}

/** The response as a description, or null where it is none. */
export function asDescribeResponse(response: unknown): DescribeResponse | null {
  return parsed(describe, response);
}

/** The response as a conversion, or null where it is none or names files outside its folder. */
export function asConvertResponse(response: unknown): ConvertResponse | null {
  const found = parsed(convert, response);
  if (found === null) return null;
  const paths = [found.entry, ...found.files.map((file) => file.path)];
  return paths.every((path) => /^[^/\\\0]+$/.test(path) && !/^\.+$/.test(path)) ? found : null;
}

/** What a conversion left at `output.result`, parsed from JSON: the files' slots are those that it was given, in order. */
export function asConvertResult(result: unknown): ConvertResponse | ConvertFailure | null {
  const failed = parsed(failure, result);
  if (failed !== null) return failed;
  const converted = asConvertResponse(result);
  return converted?.files.every((file, index) => file.slot === index) ? converted : null;
}
