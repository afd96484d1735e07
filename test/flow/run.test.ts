import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderArchive } from '../../src/archive/folder.ts';
import { exitOf } from '../../src/run.ts';
import type { MeasureRequest } from '../../src/types/protocol.ts';
import { atRatio, flow, twoModels } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { measured, scriptedLambda } from '../support/scripted-lambda.ts';

const VANILLA = { optimizer: 'vanilla' } as const;

describe('a run with a baseline', () => {
  it('finds the slowdown, keeps it, and measures nothing the second time', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1.4));
    const models = await twoModels(folder.path);
    const first = await flow(folder.path, lambda.target, { ...models, ...VANILLA, batch: '1,2' });
    expect(first.verdict).toBe('regressed');
    expect(exitOf(first)).toBe(1);
    expect(first.run.calls).toBe(12);
    const before = lambda.requests.length;
    const second = await flow(folder.path, lambda.target, { ...models, ...VANILLA, batch: '1,2' });
    expect(lambda.requests.length).toBe(before);
    expect(second.run).toMatchObject({ calls: 0, reused: 2 });
    expect(second.models[0]?.cells.map((cell) => cell.status)).toEqual(['reused', 'reused']);
    expect(exitOf(second)).toBe(1);
    expect(second.models[0]?.cells[0]?.verdict?.metrics.latency?.change).toBeCloseTo(
      first.models[0]?.cells[0]?.verdict?.metrics.latency?.change ?? 0,
      5,
    );
  });

  it('alternates which subject loads first, in sandboxes of their own', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    await flow(folder.path, lambda.target, { ...(await twoModels(folder.path)), ...VANILLA });
    const asked = lambda.requests.map(({ request }) => request as MeasureRequest);
    expect(asked.map((request) => request.subjects[0]?.role)).toEqual([
      'candidate',
      'baseline',
      'candidate',
      'baseline',
      'candidate',
      'baseline',
    ]);
    expect(asked.every((request) => request.retire && request.threads === 1)).toBe(true);
    expect(new Set(asked.map((request) => request.nonce)).size).toBe(6);
  });

  it('passes one of equal work, exit 0', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const report = await flow(folder.path, lambda.target, { ...(await twoModels(folder.path)), ...VANILLA });
    expect(report).toMatchObject({ verdict: 'pass', gate: 'passed', error: null });
    expect(exitOf(report)).toBe(0);
  });

  it('measures nothing where the model is its baseline', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const { model } = await twoModels(folder.path);
    const report = await flow(folder.path, lambda.target, { model, baseline: model });
    expect(report.verdict).toBe('pass');
    expect(lambda.requests).toEqual([]);
  });

  it('compares with a model that the archive kept', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1.4));
    const { model, baseline } = await twoModels(folder.path);
    const solo = await flow(folder.path, lambda.target, { model: baseline, ...VANILLA });
    expect(solo.verdict).toBe('no-baseline');
    const key = solo.models[0]?.key ?? '';
    const report = await flow(folder.path, lambda.target, { model, baseline: `key:${key}`, ...VANILLA });
    expect(report.verdict).toBe('regressed');
    await expect(flow(folder.path, lambda.target, { model, baseline: `key:${'0'.repeat(64)}-1` })).rejects.toThrow(
      'has no model',
    );
  });

  it('gates memory on request, from sandboxes of one subject', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request) => {
      if (request.op !== 'measure') throw new Error('no conversion was expected');
      const answer = measured(request, 1);
      const subjects = answer.subjects.map((subject) => ({
        ...subject,
        peakMb: subject.peakMb === null ? null : subject.role === 'candidate' ? 130 : 100,
      }));
      return { ...answer, subjects };
    });
    const raw = { ...(await twoModels(folder.path)), ...VANILLA, 'max-memory-regression': '10%' } as const;
    const report = await flow(folder.path, lambda.target, raw);
    expect(lambda.requests.length).toBe(18);
    expect(report.models[0]?.cells[0]?.verdict?.metrics.memory?.state).toBe('regressed');
    expect((await flow(folder.path, lambda.target, raw)).run.calls).toBe(0);
  });
});

describe('cells that fail are results', () => {
  const failing = (isFailing: (request: MeasureRequest) => boolean, errorType = 'OutOfMemory') => {
    const script: Parameters<typeof scriptedLambda>[0] = (request) =>
      request.op === 'measure' && isFailing(request)
        ? { errorType, errorMessage: 'none left' }
        : atRatio(1)(request, '');
    return script;
  };
  const only = (role: string) => (request: MeasureRequest) => request.subjects.some((subject) => subject.role === role);
  const together = (request: MeasureRequest) => request.subjects.length === 2;

  it('two models that do not fit together are measured in turn, and the report says so', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(failing(together));
    const report = await flow(folder.path, lambda.target, { ...(await twoModels(folder.path)), ...VANILLA });
    expect(report.verdict).toBe('pass');
    expect(report.models[0]?.cells[0]?.provenance?.mode).toBe('alternating');
    expect(report.run.notes.join()).toContain('by itself in turn');
  });

  it('a candidate that does not run where its baseline does has regressed', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(failing(only('candidate')));
    const report = await flow(folder.path, lambda.target, { ...(await twoModels(folder.path)), ...VANILLA });
    expect(report.verdict).toBe('regressed');
    expect(report.models[0]?.cells[0]).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('out-of-memory'),
    });
    expect(report.models[0]?.cells[0]?.verdict?.metrics.runs?.state).toBe('regressed');
    expect(report.models[0]?.cells[0]?.baseline).not.toBeNull();
  });

  it('a size that is too small for both is no regression', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request, name) =>
      name.endsWith('-512')
        ? {
            errorType: 'Runtime.ExitError',
            errorMessage: 'RequestId: x Error: Runtime exited with error: signal: killed',
          }
        : atRatio(1)(request, name),
    );
    const report = await flow(folder.path, lambda.target, {
      ...(await twoModels(folder.path)),
      ...VANILLA,
      memory: '512,1769',
    });
    expect(report.verdict).toBe('pass');
    expect(report.models[0]?.cells.map((cell) => cell.status)).toEqual(['failed', 'measured']);
  });

  it('an answer of another request is none', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request) => ({
      ...measured(request as MeasureRequest, 1),
      nonce: 'other',
    }));
    const report = await flow(folder.path, lambda.target, { ...(await twoModels(folder.path)), ...VANILLA });
    expect(report.verdict).toBe('unmeasured');
    expect(exitOf(report)).toBe(3);
    expect(report.models[0]?.cells[0]?.reason).toContain('protocol');
  });

  it('an answer that breaks the protocol is none', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request) => ({
      ...measured(request as MeasureRequest, 1),
      importMs: 'soon' as unknown as number,
    }));
    const report = await flow(folder.path, lambda.target, { model: (await twoModels(folder.path)).model, ...VANILLA });
    expect(report.models[0]?.cells[0]).toMatchObject({ status: 'failed', reason: expect.stringContaining('protocol') });
  });

  it('a conversion that is refused is told, and the baseline still measured', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request, name) =>
      request.op === 'convert'
        ? { errorType: 'ConversionFailed', errorMessage: 'operator Foo' }
        : atRatio(1)(request, name),
    );
    const report = await flow(folder.path, lambda.target, {
      ...(await twoModels(folder.path)),
      optimizer: 'vanilla,onnx',
    });
    const cells = report.models[0]?.cells ?? [];
    expect(cells.map((cell) => cell.status)).toEqual(['measured', 'failed']);
    expect(cells[1]?.reason).toContain('conversion-failed: ConversionFailed: operator Foo');
  });

  it('what the machine cannot run is skipped with its reason', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const report = await flow(folder.path, lambda.target, {
      ...(await twoModels(folder.path)),
      ...VANILLA,
      hardware: 'x86_64,arm64',
      memory: '1769,10240',
    });
    expect(report.models[0]?.cells.map((cell) => cell.reason)).toEqual([
      null,
      expect.stringContaining('5.79 vCPUs'),
      expect.stringContaining('not arm64'),
      expect.stringContaining('not arm64'),
    ]);
  });
});

describe('a run that ends early', () => {
  it('keeps what is measured when it is interrupted, and goes on from there', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const models = await twoModels(folder.path);
    const controller = new AbortController();
    const onCell = (index: number): void => {
      if (index === 1) controller.abort();
    };
    const raw = { ...models, ...VANILLA, batch: '1,2,4' };
    const report = await flow(folder.path, lambda.target, raw, { signal: controller.signal, onCell });
    expect(exitOf(report)).toBe(3);
    expect(report.models[0]?.cells.map((cell) => cell.status)).toEqual(['measured', 'skipped', 'skipped']);
    const again = await flow(folder.path, lambda.target, raw);
    expect(again.models[0]?.cells.map((cell) => cell.status)).toEqual(['reused', 'measured', 'measured']);
  });

  it('skips what the budget does not allow, and says so', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const report = await flow(folder.path, lambda.target, {
      ...(await twoModels(folder.path)),
      ...VANILLA,
      batch: '1,2',
      'max-calls': '7',
    });
    expect(report.run.calls).toBe(7);
    expect(report.models[0]?.cells[1]).toMatchObject({
      status: 'skipped',
      reason: expect.stringContaining('max-calls 7'),
    });
    expect(report.verdict).toBe('pass');
  });

  it('could not measure: an archive that cannot be written is told before anything is measured', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    await writeFile(join(folder.path, 'taken'), '');
    const report = await flow(folder.path, lambda.target, {
      ...(await twoModels(folder.path)),
      ...VANILLA,
      archive: join(folder.path, 'taken', 'archive'),
    });
    expect(exitOf(report)).toBe(3);
    expect(report.error?.message).toContain('cannot');
    expect(lambda.requests).toEqual([]);
  });

  it('a disk that is full in the middle ends the run with one line, and keeps the figures', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1.4));
    const store = folderArchive(join(folder.path, 'archive'));
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    const report = await flow(
      folder.path,
      lambda.target,
      { ...(await twoModels(folder.path)), ...VANILLA },
      { store: { ...store, write: () => Promise.reject(full) } },
    );
    expect(exitOf(report)).toBe(3);
    expect(report.verdict).toBe('regressed');
    expect(report.models[0]?.cells[0]?.latencyMs).not.toBeNull();
  });

  it('wrong input writes nothing', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1));
    const { model } = await twoModels(folder.path);
    await writeFile(join(folder.path, 'broken.onnx'), 'not a model');
    const before = await readdir(folder.path);
    await expect(flow(folder.path, lambda.target, { model: join(folder.path, 'broken.onnx') })).rejects.toThrow(
      'not an ONNX model',
    );
    await expect(flow(folder.path, lambda.target, { model, 'input-shape': 'nope=1x2' })).rejects.toThrow(
      'no input "nope"',
    );
    await expect(flow(folder.path, lambda.target, { model, 'aws-region': 'xx-north-1' })).rejects.toThrow(
      'no known Lambda prices',
    );
    expect((await readdir(folder.path)).filter((name) => name !== 'scratch')).toEqual(before);
    expect(lambda.requests).toEqual([]);
  });
});

describe('gates', () => {
  it('on the best configuration count that one alone', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request, name) =>
      measured(request as MeasureRequest, name.endsWith('-885') ? 2 : 1),
    );
    const raw = { ...(await twoModels(folder.path)), ...VANILLA, memory: '885,1769' } as const;
    expect((await flow(folder.path, lambda.target, raw)).verdict).toBe('regressed');
    const best = await flow(folder.path, lambda.target, { ...raw, 'gate-on': 'best' });
    expect(best.models[0]?.best.balanced?.memoryMb).toBe(1769);
    expect(best.verdict).toBe('pass');
  });

  it('that never fail exit 0', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda(atRatio(1.4));
    const report = await flow(folder.path, lambda.target, {
      ...(await twoModels(folder.path)),
      ...VANILLA,
      'fail-on': 'never',
    });
    expect(report.verdict).toBe('regressed');
    expect(exitOf(report)).toBe(0);
  });

  it('on outputs fail only where asked', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request) => {
      const answer = measured(request as MeasureRequest, 0.5);
      return { ...answer, change: answer.change === null ? null : { ...answer.change, maxAbsoluteDifference: 0.5 } };
    });
    const raw = { ...(await twoModels(folder.path)), ...VANILLA } as const;
    const shown = await flow(folder.path, lambda.target, raw);
    expect(shown.verdict).toBe('improved');
    expect(shown.models[0]?.cells[0]?.outputChange).toMatchObject({ equivalent: false, relativeDifference: 0.5 });
    expect((await flow(folder.path, lambda.target, { ...raw, 'max-output-difference': '1%' })).verdict).toBe(
      'regressed',
    );
  });
});

describe('a model that does not fit', () => {
  it('is not tried in smaller sizes, and says below which', async () => {
    await using folder = await temporaryFolder();
    await using lambda = await scriptedLambda((request, name) => {
      const memory = Number(/-(\d+)$/.exec(name)?.[1] ?? 0);
      const candidate = (request as MeasureRequest).subjects.some((subject) => subject.role === 'candidate');
      return candidate && memory <= 512
        ? { errorType: 'OutOfMemory', errorMessage: 'no memory is left' }
        : measured(request as MeasureRequest, 1);
    });
    const models = await twoModels(folder.path);
    const report = await flow(folder.path, lambda.target, { ...models, ...VANILLA, memory: '256,512,1769,128' });
    const cells = report.models[0]?.cells ?? [];
    expect(cells.map(({ config, status }) => [config.memoryMb, status])).toEqual([
      [256, 'skipped'],
      [512, 'failed'],
      [1769, 'measured'],
      [128, 'skipped'],
    ]);
    expect(cells[0]?.reason).toBe('does not fit below 512 MB: it did not fit there');
    expect(lambda.requests.some(({ functionName }) => /-(256|128)$/.test(functionName))).toBe(false);
    expect(report.verdict).toBe('regressed');
  });
});
