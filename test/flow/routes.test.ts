import { copyFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ConvertRequest, MeasureRequest, RuntimeRequest } from '../../src/types/protocol.ts';
import { atRatio, flow } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Script, type ScriptedLambda, scriptedLambda } from '../support/scripted-lambda.ts';

const FIXTURE = fileURLToPath(new URL('../unit/model/fixtures/image.pt2', import.meta.url));

async function exported(folder: string): Promise<string> {
  const model = join(folder, 'image.pt2');
  await cp(FIXTURE, model);
  return model;
}

/** What was asked, in turn, without the sandboxes of one cell after its first. */
function asked({ requests }: ScriptedLambda): readonly string[] {
  const words = requests.map(({ request }) =>
    request.op === 'describe' ? request.op : `${request.op} ${request.framework} ${request.optimizer}`,
  );
  return words.filter((word, index) => word !== words[index - 1]);
}

function of<T extends RuntimeRequest>({ requests }: ScriptedLambda, op: T['op']): readonly T[] {
  return requests.map(({ request }) => request).filter((request): request is T => request.op === op);
}

/** Converters that leave in their folder what they were given. */
const copying: Script = (request, name) => {
  if ((request.op === 'convert' || request.op === 'infer') && typeof request.output === 'string') {
    for (const file of request.artifact.files)
      copyFileSync(fileURLToPath(file.url), join(fileURLToPath(request.output), file.path));
  }
  return atRatio(1)(request, name);
};

const refusing =
  (op: RuntimeRequest['op'], errorType: string): Script =>
  (request, name) =>
    request.op === op ? { errorType, errorMessage: 'operator Foo is not known' } : copying(request, name);

describe('a model that other runtimes serve', () => {
  it('is exported by its own framework, then optimized; what it answers unconverted comes along', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(copying);
    const model = await exported(folder.path);
    const report = await flow(folder.path, lambda.target, { model, optimizer: 'onnx' });
    expect(asked(lambda)).toEqual([
      'convert pytorch onnx',
      'convert onnx onnx',
      'infer pytorch vanilla',
      'measure onnx onnx',
    ]);
    const [first, ...others] = of<MeasureRequest>(lambda, 'measure');
    expect(first?.subjects[0]?.expected).toMatchObject({ entry: 'model.pt2' });
    expect(first?.subjects[0]?.reference).toBeUndefined();
    for (const other of others) expect(other.subjects[0]).not.toHaveProperty('expected');
    const [export_, optimize] = of<ConvertRequest>(lambda, 'convert');
    expect(export_).toMatchObject({ batch: 1, threads: 1, hardware: 'x86_64', inputs: first?.subjects[0]?.inputs });
    // The second step starts from what the first one made, not from the user's model.
    expect(optimize?.artifact.files[0]?.url).not.toBe(export_?.artifact.files[0]?.url);
    const [cell] = report.models[0]?.cells ?? [];
    expect(cell).toMatchObject({ status: 'measured', output: { equivalent: true } });
    expect(cell?.artifact?.bytes).toBeGreaterThan(0);
    // Both steps took 5 ms.
    expect(cell?.phasesMs?.optimize).toBe(10);
  });

  it('is exported once for all that starts from its export, and never again in a second run', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(copying);
    const raw = { model: await exported(folder.path), optimizer: 'vanilla,onnx,onnx+tvm,openvino,onnx-int8' };
    await flow(folder.path, lambda.target, raw);
    const words = [...of<ConvertRequest>(lambda, 'convert'), ...of<ConvertRequest>(lambda, 'infer')].map(
      ({ op, framework, optimizer }) => `${op} ${framework} ${optimizer}`,
    );
    expect(words.sort()).toEqual([
      'convert onnx onnx',
      'convert onnx onnx-int8',
      'convert openvino openvino',
      'convert pytorch onnx',
      'convert tvm tvm',
      'infer pytorch vanilla',
    ]);
    const before = lambda.requests.length;
    const report = await flow(folder.path, lambda.target, raw);
    expect(lambda.requests.length).toBe(before);
    expect(report.run.reused).toBe(5);
    // With other memory, but as many threads, only the measuring is new.
    await flow(folder.path, lambda.target, { ...raw, memory: '1024' });
    const ops = new Set(lambda.requests.slice(before).map(({ request }) => request.op));
    expect(ops).toEqual(new Set(['measure']));
  });

  it('what is compiled for threads and shapes is made for each; what is not, once', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(copying);
    const model = await exported(folder.path);
    await flow(folder.path, lambda.target, { model, optimizer: 'openvino,tvm', memory: '1769,3538' });
    const converts = of<ConvertRequest>(lambda, 'convert').map(({ framework, threads }) => `${framework} ${threads}`);
    expect(converts.filter((word) => word.startsWith('tvm')).sort()).toEqual(['tvm 1', 'tvm 2']);
    expect(converts.filter((word) => word.startsWith('openvino'))).toHaveLength(1);
  });

  it('a step that refuses is the cell, and the other optimizers are still measured', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(refusing('convert', 'ConversionFailed'));
    const model = await exported(folder.path);
    const report = await flow(folder.path, lambda.target, { model, optimizer: 'vanilla,onnx' });
    const cells = report.models[0]?.cells ?? [];
    expect(cells.map(({ status }) => status)).toEqual(['measured', 'failed']);
    expect(cells[1]?.reason).toBe('conversion-failed: ConversionFailed: operator Foo is not known');
  });

  it('where the unconverted model does not answer, nothing is said to be as it, and nothing wins for it', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(refusing('infer', 'OutOfMemory'));
    const model = await exported(folder.path);
    const report = await flow(folder.path, lambda.target, { model, optimizer: 'onnx,openvino' });
    const [first] = report.models;
    expect(first?.cells[0]?.output).toMatchObject({ equivalent: false });
    expect(first?.cells[0]?.output?.problem).toBe('the unconverted model: OutOfMemory: operator Foo is not known');
    expect(first?.best).toEqual({ cheapest: null, fastest: null, balanced: null });
  });

  it('is not compared with a model of another framework', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(copying);
    const model = await exported(folder.path);
    const baseline = fileURLToPath(new URL('../unit/model/fixtures/gluon-symbol.json', import.meta.url));
    await expect(flow(folder.path, lambda.target, { model, baseline, optimizer: 'vanilla' })).rejects.toMatchObject({
      code: 'bad-input',
      message: '--baseline: is a model of another framework, got mxnet; expected pytorch, as the candidate',
    });
    expect(lambda.requests).toEqual([]);
  });
});
