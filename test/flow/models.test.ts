import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Inputs } from '../../src/types/inputs.ts';
import type { MeasureRequest } from '../../src/types/protocol.ts';
import type { Waiver } from '../../src/types/settings.ts';
import { type RunTask, taskOf } from '../../src/types/task.ts';
import { flow } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { tinyOnnx } from '../support/onnx.ts';
import { measured, scriptedLambda } from '../support/scripted-lambda.ts';

const VANILLA = { optimizer: 'vanilla' } as const;

/** Three models, each with a baseline of its own; what a model costs is in the name of its input. */
async function three(folder: string): Promise<(inputs: Inputs) => RunTask> {
  const paths: [string, string][] = [];
  for (const name of ['same', 'slow', 'broken']) {
    const [now, before] = [join(folder, `${name}.onnx`), join(folder, `${name}-before.onnx`)];
    await writeFile(now, tinyOnnx({ inputs: [{ name, dims: ['N', 3] }] }));
    await writeFile(before, tinyOnnx({ inputs: [{ name: `${name}-before`, dims: ['N', 3] }] }));
    paths.push([now, before]);
  }
  return (inputs) => {
    const [first, ...others] = paths.map(([model, path]) => {
      const own: Inputs = { ...inputs, model, baseline: { kind: 'path', path } };
      return taskOf(own).models[0];
    });
    if (first === undefined) throw new Error('no model');
    return { ...taskOf(inputs), models: [first, ...others] };
  };
}

function script(request: MeasureRequest) {
  const names = request.subjects.flatMap((subject) => subject.inputs.map((input) => input.name));
  if (names.includes('broken')) return { errorType: 'InferenceFailed', errorMessage: 'no kernel' };
  return measured(request, names.some((name) => name.startsWith('slow')) ? 1.4 : 1);
}

const waiver = (metric: Waiver['metric'], upTo: number, model: string): Waiver => ({
  ...{ model, models: [model], metric, upTo, expires: '2999-01-01', reason: 'a better one', place: 'ayci.yml:3' },
});

describe('a run of several models', () => {
  it('judges each, and its verdict is the worst', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request) => script(request as MeasureRequest));
    const task = await three(folder.path);
    const report = await flow(folder.path, lambda.target, { model: 'any', ...VANILLA }, { task });
    expect(report.error).toBeNull();
    expect(report.models.map((model) => model.verdict)).toEqual(['pass', 'regressed', 'regressed']);
    expect(report).toMatchObject({ verdict: 'regressed', gate: 'failed' });
    expect(report.models[2]?.cells[0]?.verdict?.metrics.runs?.state).toBe('regressed');
    expect(report.run.calls).toBe(lambda.requests.length);
  });

  it('accepts what a waiver holds, and nothing beyond', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request) => script(request as MeasureRequest));
    const models = await three(folder.path);
    const slow = join(folder.path, 'slow.onnx');
    const waived = (upTo: number) => (inputs: Inputs) => {
      const task = models(inputs);
      const [, second] = task.models;
      if (second === undefined) throw new Error('no second model');
      const waivers = [waiver('latency', upTo, slow), waiver('cost', upTo, slow)];
      return { ...task, models: [second] as const, waivers };
    };
    const accepted = await flow(folder.path, lambda.target, { model: 'any', ...VANILLA }, { task: waived(0.5) });
    expect(accepted).toMatchObject({ verdict: 'pass', gate: 'passed' });
    expect(accepted.models[0]?.cells[0]?.verdict?.metrics.latency).toMatchObject({
      state: 'regressed',
      accepted: { until: '2999-01-01', reason: 'a better one', upTo: 0.5 },
    });
    expect(accepted.run.waivers.map(({ state }) => state)).toEqual(['in force', 'in force']);
    const over = await flow(folder.path, lambda.target, { model: 'any', ...VANILLA }, { task: waived(0.2) });
    expect(over).toMatchObject({ verdict: 'regressed', gate: 'failed' });
    expect(over.models[0]?.cells[0]?.verdict?.metrics.latency?.note).toContain('over its waiver');
  });

  it('holds service levels whatever the baseline has, and weighs latency and cost as asked', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request) => script(request as MeasureRequest));
    const models = await three(folder.path);
    const task = (price: number) => (inputs: Inputs) => {
      const [first] = models(inputs).models;
      const serviceLevels = { maxP99Ms: null, maxCostPerMillionUsd: price };
      return { ...taskOf(inputs), models: [{ ...first, serviceLevels }] as const };
    };
    const dear = await flow(folder.path, lambda.target, { model: 'any', ...VANILLA }, { task: task(0.01) });
    expect(dear.models[0]?.cells[0]?.verdict).toMatchObject({
      state: 'regressed',
      metrics: { price: { threshold: 0 } },
    });
    expect(dear.gate).toBe('failed');
    const cheap = await flow(folder.path, lambda.target, { model: 'any', ...VANILLA }, { task: task(100) });
    expect(cheap.models[0]?.cells[0]?.verdict).toMatchObject({ state: 'pass', metrics: { price: { state: 'pass' } } });
  });
});
