import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { MeasureRequest } from '../../src/types/protocol.ts';
import { atRatio, flow, twoModels } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { converted, measured, scriptedLambda } from '../support/scripted-lambda.ts';

// The same schemas against which the Python tests hold the runtimes' answers.
const ajv = new Ajv2020.default({ allErrors: true, strict: false });
const schema = (name: string) =>
  ajv.compile(
    JSON.parse(readFileSync(new URL(`../../runtimes/contract/${name}.schema.json`, import.meta.url), 'utf8')) as object,
  );
const checks = {
  measure: schema('measure-request'),
  convert: schema('convert-request'),
  infer: schema('convert-request'),
  measured: schema('measure-response'),
  converted: schema('convert-response'),
};

describe('the runtime protocol', () => {
  it('requests of a run fit the contract: measuring, first requests alone, converting', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const raw = { ...(await twoModels(folder.path)), 'max-memory-regression': '10%', 'input-range': 'x=0:1' } as const;
    await flow(folder.path, lambda.target, { ...raw, optimizer: 'vanilla' });
    await flow(folder.path, lambda.target, { ...raw, optimizer: 'onnx' });
    const ops = new Set(lambda.requests.map(({ request }) => request.op));
    expect(ops).toEqual(new Set(['measure', 'convert']));
    for (const { request } of lambda.requests) {
      if (request.op === 'describe') throw new Error('a run describes nothing');
      checks[request.op](request);
      expect(checks[request.op].errors).toBeNull();
      expect(checks[request.op]({ ...request, surprise: 1 })).toBe(false);
    }
  });

  it('the scripted answers of these tests fit it as well', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    await flow(folder.path, lambda.target, { ...(await twoModels(folder.path)), optimizer: 'vanilla,onnx' });
    for (const { request } of lambda.requests) {
      if (request.op === 'convert') checks.converted(converted(request));
      else checks.measured(measured(request as MeasureRequest, 1));
      expect((request.op === 'convert' ? checks.converted : checks.measured).errors).toBeNull();
    }
  });
});
