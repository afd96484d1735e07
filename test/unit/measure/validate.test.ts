import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import {
  asConvertResponse,
  asConvertResult,
  asDescribeResponse,
  asExcludedResponse,
  asMeasureResponse,
} from '../../../src/measure/validate.ts';
import { type ConvertResponse, RUNTIME_ERRORS } from '../../../src/types/protocol.ts';

const ajv = new Ajv2020.default({ strict: false });
const schema = (name: string) =>
  ajv.compile(
    JSON.parse(
      readFileSync(new URL(`../../../runtimes/contract/${name}.schema.json`, import.meta.url), 'utf8'),
    ) as object,
  );

const environment = { cpu: 'x', threads: 1, versions: { python: '3.13.0' } };
const sandbox = { id: 's', requests: 2, cold: false, retired: false };
const excluded = { protocol: 1, op: 'excluded', nonce: 'n', sandbox };
const described = {
  protocol: 1,
  op: 'describe',
  nonce: 'n',
  sandbox,
  environment,
  inputs: [{ name: 'x', dtype: 'float32', dims: ['n', 3, null] }],
  outputs: [
    { name: 'y', dtype: null },
    { name: 'z', dtype: 'float32' },
  ],
};
const file = (path: string, slot: number) => ({ path, sha256: 'a'.repeat(64), size: 1, slot });
const converted: ConvertResponse = {
  protocol: 1,
  op: 'convert',
  nonce: 'n',
  entry: 'model.onnx',
  files: [file('model.onnx', 0), file('model.onnx.data', 1)],
  optimizeMs: 1.5,
  compileMs: null,
  environment,
};
const failed = { protocol: 1, op: 'convert', nonce: 'n', errorType: 'OutOfMemory', errorMessage: 'no memory' };

describe('answers of a runtime', () => {
  it.each([
    ['excluded-response', excluded, asExcludedResponse],
    ['describe-response', described, asDescribeResponse],
    ['describe-response', { ...described, inputs: null, outputs: null }, asDescribeResponse],
    ['convert-response', converted, asConvertResponse],
    ['convert-response', converted, asConvertResult],
    ['convert-failure', failed, asConvertResult],
  ] as const)('are read where they fit the schema %s', (name, answer, read) => {
    expect(schema(name)(answer)).toBe(true);
    expect(read(answer)).toEqual(answer);
  });

  it('are not taken for each other', () => {
    const readers = [asMeasureResponse, asExcludedResponse, asDescribeResponse, asConvertResponse];
    const understood = [excluded, described, converted].map((answer) => readers.map((read) => read(answer) !== null));
    expect(understood).toEqual([
      [false, true, false, false],
      [false, false, true, false],
      [false, false, false, true],
    ]);
  });

  it.each([
    [null],
    [[]],
    ['convert'],
    [{}],
    [{ ...failed, errorType: 'ValueError' }],
    [{ ...failed, errorMessage: 'x'.repeat(1025) }],
    [{ ...failed, surprise: 1 }],
    [{ ...failed, ...converted }],
    [{ ...converted, files: [file('model.onnx', 1)] }],
    [{ ...converted, files: [file('model.onnx', 0), file('model.onnx.data', 0)] }],
    [{ ...converted, files: [file('../model.onnx', 0)] }],
    [{ ...converted, files: [{ path: 'model.onnx', sha256: 'a'.repeat(64), size: 1 }] }],
    [{ ...converted, files: Array.from({ length: 17 }, (_, slot) => file(`f${slot}`, slot)) }],
    [{ ...converted, optimizeMs: Number.NaN }],
  ])('a result of a conversion is refused where it does not fit: %j', (result) => {
    expect(asConvertResult(result)).toBeNull();
  });

  it.each([
    [{ ...excluded, sandbox: { ...sandbox, requests: -1 } }],
    [{ ...excluded, environment }],
    [{ ...described, inputs: [{ name: 'x', dtype: 'float32', dims: [-1] }] }],
    [{ ...described, outputs: [{ name: 'y'.repeat(1025), dtype: null }] }],
  ])('another answer is refused where it does not fit: %j', (answer) => {
    expect([asExcludedResponse(answer), asDescribeResponse(answer)]).toEqual([null, null]);
  });

  it('a local conversion has no slots and is no result', () => {
    const local = { ...converted, files: converted.files.map(({ slot: _, ...rest }) => rest) };
    expect(asConvertResponse(local)).toEqual(local);
    expect(asConvertResult(local)).toBeNull();
  });

  it("every error that a runtime raises is in the failure's schema", () => {
    const known = schema('convert-failure');
    for (const errorType of RUNTIME_ERRORS) expect(known({ ...failed, errorType })).toBe(true);
    expect(known({ ...failed, errorType: 'Other' })).toBe(false);
  });
});
