import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readForeignReport } from '../../../src/report/untrusted/read.ts';
import { REPORT } from '../../../src/report/untrusted/schema.ts';
import type { Report } from '../../../src/types/report.ts';
import { CONFIG, measurement } from '../../support/measurements.ts';
import { ROOT } from '../../support/program.ts';
import { reportOf } from '../../support/report.ts';

const slower = measurement([0.14, 0.141, 0.139, 0.14, 0.1405, 0.1395]);
const same = measurement([0, 0.001, -0.001, 0.0005, -0.0005, 0], { config: { ...CONFIG, batch: 8 } });
const plain = reportOf([slower, same], 'm.onnx', ['a note']);
const cell = plain.models[0]?.cells[0];
const latency = cell?.verdict?.metrics.latency;
if (cell?.verdict == null || latency === undefined) throw new Error('the sample has no verdict');
const accepted = { until: '2026-12-24', reason: 'known', upTo: 0.2 };

/** One with everything that a report may hold. */
const full: Report = {
  ...plain,
  error: { code: 'target', message: 'gone' },
  models: plain.models.map((model) => ({
    ...model,
    overrides: [{ input: 'input-shape', value: 'x=1x3' }],
    cells: [
      {
        ...cell,
        verdict: { ...cell.verdict, metrics: { ...cell.verdict?.metrics, latency: { ...latency, accepted } } },
      },
      { ...cell, status: 'skipped', reason: 'no arm64 here', latencyMs: null, baseline: null, verdict: null },
    ] as Report['models'][number]['cells'],
  })),
  run: {
    ...plain.run,
    commit: '0'.repeat(40),
    gateChanges: ['latency limit 5 % → 50 %'],
    waivers: [{ model: '*.onnx', metric: 'latency', upTo: 0.2, expires: '2026-12-24', reason: 'r', state: 'in force' }],
    baseline: { commit: '1'.repeat(40), from: 'git', note: null },
    legs: { expected: ['a'], missing: [] },
  },
};

const empty = {
  ...full.models[0]?.cells[1],
  phasesMs: null,
  memoryMb: null,
  output: null,
  outputChange: null,
  provenance: null,
};
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const read = (value: unknown): Report => readForeignReport(bytesOf(value), 'report.json');
const ajv = new Ajv2020.default({ strict: false });
addFormats.default(ajv);
const PUBLISHED = JSON.parse(readFileSync(`${ROOT}docs/report.schema.json`, 'utf8')) as JsonSchema;
const inSchema = ajv.compile(PUBLISHED);

/** Every path into a value, those of branches too. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? value.map((one, index) => [index, one] as const) : Object.entries(value);
  return [path, ...entries.flatMap(([name, one]) => pathsOf(one, [...path, name]))];
}

function replaced(value: unknown, [name, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (name === undefined) return by;
  if (Array.isArray(value)) return value.map((one, index) => (index === name ? replaced(one, rest, by) : one));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [name]: replaced(object[name], rest, by) };
}

interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
}
interface OwnSchema {
  readonly entries?: Readonly<Record<string, OwnSchema>>;
  readonly item?: OwnSchema;
  readonly wrapped?: OwnSchema;
  readonly pipe?: readonly OwnSchema[];
  readonly key?: { readonly options?: readonly string[] };
  readonly value?: OwnSchema;
}

/** The names of all fields, as paths. */
function published(schema: JsonSchema, path = ''): readonly string[] {
  if (schema.$ref !== undefined) return published(PUBLISHED.$defs?.[schema.$ref.split('/').at(-1) ?? ''] ?? {}, path);
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, of]) => [
      `${path}.${name}`,
      ...published(of, `${path}.${name}`),
    ]),
    ...(schema.items === undefined ? [] : published(schema.items, path)),
    ...(schema.oneOf ?? []).flatMap((one) => published(one, path)),
  ];
}
function own(schema: OwnSchema, path = ''): readonly string[] {
  const records = schema.value === undefined ? [] : (schema.key?.options ?? []);
  return [
    ...Object.entries(schema.entries ?? {}).flatMap(([name, of]) => [`${path}.${name}`, ...own(of, `${path}.${name}`)]),
    ...records.flatMap((name) => [`${path}.${name}`, ...own(schema.value ?? {}, `${path}.${name}`)]),
    ...(schema.item === undefined ? [] : own(schema.item, path)),
    ...(schema.wrapped === undefined ? [] : own(schema.wrapped, path)),
    ...(schema.pipe ?? []).flatMap((one) => (one === schema ? [] : own(one, path))),
  ];
}

describe('a report that somebody else made', () => {
  it('may have the fields that are published, all of them and no others', () => {
    const fields = new Set(own(REPORT as unknown as OwnSchema));
    expect(fields.size).toBeGreaterThan(150);
    // What an input is filled with is one of several shapes, of which only `kind` is published.
    const expected = new Set(published(PUBLISHED).filter((name) => name !== '.models.inputs.fill.kind'));
    expect([...fields].sort()).toEqual([...expected].sort());
  });

  it('is read as it is where it is one', () => {
    for (const report of [plain, full]) {
      expect(read(report)).toEqual(report);
      expect(inSchema(report), JSON.stringify(inSchema.errors)).toBe(true);
    }
  });

  it('is refused wherever the published schema refuses it', () => {
    const paths = pathsOf(full);
    const values = fc.oneof(
      fc.constantFrom(null, undefined, true, '', 'x', 1.5, -1, 1e308, [], {}, { kind: 'normal', more: 1 }, [null]),
      fc.jsonValue(),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, (path, value) => {
        const changed = JSON.parse(JSON.stringify(replaced(full, path, value) ?? null)) as unknown;
        let ok = true;
        try {
          read(changed);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'bad-input' });
          expect(String(thrown)).not.toContain('\n');
          ok = false;
          refused += 1;
        }
        // Stricter it may be: it knows bounds, and what a file input is made of.
        if (ok) expect(inSchema(changed), `${path.join('.')}: ${JSON.stringify(inSchema.errors)}`).toBe(true);
      }),
      { numRuns: 3000, seed: 5 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it.each<[string, unknown, RegExp]>([
    ['another shape', { hello: 1 }, /^report\.json: is not a report of AYCI, got at schema undefined; expected/],
    ['no object', [1], /is not a report of AYCI/],
    ['an unknown field', { ...plain, pull: 7 }, /got at pull "pull"|got at pull/],
    ['a newer schema', { ...plain, schema: 2 }, /got schema 2, newer than this release's 1/],
    ['a number below zero', { ...plain, run: { ...plain.run, spentUsd: -1 } }, /got at run\.spentUsd/],
    ['a commit that is none', { ...plain, run: { ...plain.run, commit: 'main' } }, /got at run\.commit/],
    ['a time that is none', { ...plain, run: { ...plain.run, startedAt: '2026-99-99T00:00:00Z' } }, /run\.startedAt/],
    ['endless notes', { ...plain, run: { ...plain.run, notes: Array.from({ length: 1001 }, () => '') } }, /run\.notes/],
    [
      'cells without end, spread over models',
      { ...plain, models: Array.from({ length: 100 }, () => ({ ...plain.models[0], cells: Array(201).fill(empty) })) },
      /got 20100 cells, more than 20000/,
    ],
  ])('is refused with %s', (_name, value, message) => {
    expect(() => read(value)).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['no JSON', Buffer.from('{"schema": 1'), /got no JSON/],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /got no JSON/],
    ['a million brackets', Buffer.from('['.repeat(1e6)), /got no JSON|is not a report/],
    ['a million closed brackets', Buffer.from('['.repeat(1e6) + ']'.repeat(1e6)), /got no JSON|is not a report/],
    ['infinity', Buffer.from(JSON.stringify(plain).replace('"seconds":9', '"seconds":1e999')), /got at run\.seconds/],
    ['20 MB and a byte', Buffer.alloc(20_000_001, ' '), /got 20000001 bytes, more than 20000000/],
  ])('is refused where it is %s', (_name, bytes, message) => {
    expect(() => readForeignReport(bytes, 'report.json')).toThrow(
      expect.objectContaining({ code: 'bad-input', message: expect.stringMatching(message) }),
    );
  });

  it('keeps hostile text as text, and of 1 MB the beginning', () => {
    const hostile = '<!-- ayci tag=ayci --> @org/team ::error:: \u202e\u001b[31m';
    const found = read({ ...plain, run: { ...plain.run, notes: [hostile, 'x'.repeat(1e6), '😀'.repeat(5000)] } });
    expect(found.run.notes[0]).toBe(hostile);
    expect(found.run.notes[1]).toHaveLength(2000);
    expect(found.run.notes[2]).toMatch(/^(😀)+…$/u);
  });

  it('has no prototype but its own', () => {
    const text = JSON.stringify(plain).replace(
      '"operatorChanges":{',
      '"operatorChanges":{"__proto__":5,"constructor":1,',
    );
    const found = readForeignReport(Buffer.from(text), 'report.json');
    expect(Object.getPrototypeOf(found.models[0]?.operatorChanges)).toBe(Object.prototype);
    expect(Object.keys(found.models[0]?.operatorChanges ?? {})).toEqual(['m.onnx', 'Conv']);
  });
});
