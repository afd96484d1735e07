import * as v from 'valibot';
import { ROLES } from '../types/config.ts';
import type { ConvertResponse, MeasureResponse, RuntimeResponse } from '../types/protocol.ts';

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
  sandbox: v.strictObject({ id: text, requests: count, cold: v.boolean(), retired: v.boolean() }),
  importMs: ms,
  subjects: v.pipe(v.array(subject), v.minLength(1), v.maxLength(2)),
  blocks: v.array(v.strictObject({ role: v.picklist(ROLES), count, wallMs: ms, cpuMs: ms })),
  change: agreement,
  truncated: v.boolean(),
  environment,
});
const convert = v.strictObject({
  protocol: v.literal(1),
  op: v.literal('convert'),
  nonce: text,
  entry: text,
  files: v.array(v.strictObject({ path: text, sha256, size: count })),
  optimizeMs: maybeMs,
  compileMs: maybeMs,
  environment,
});

/** The response as a measurement, or null where it is none. */
export function asMeasureResponse(response: RuntimeResponse): MeasureResponse | null {
  const parsed = v.safeParse(measure, response);
  return parsed.success ? parsed.output : null;
}

/** The response as a conversion, or null where it is none or names files outside its folder. */
export function asConvertResponse(response: RuntimeResponse): ConvertResponse | null {
  const parsed = v.safeParse(convert, response);
  if (!parsed.success) return null;
  const paths = [parsed.output.entry, ...parsed.output.files.map((file) => file.path)];
  return paths.every((path) => /^[^/\\\0]+$/.test(path) && !/^\.+$/.test(path)) ? parsed.output : null;
}
