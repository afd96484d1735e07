import { describe, expect, it } from 'vitest';
import { mergeReports } from '../../../src/report/merge.ts';
import type { CellReport, ModelReport, Report, RunFacts } from '../../../src/types/report.ts';
import { CONFIG, measurement } from '../../support/measurements.ts';
import { reportOf } from '../../support/report.ts';

const SLOWER = [0.14, 0.141, 0.139, 0.14, 0.1405, 0.1395];
const SAME = [0, 0.001, -0.001, 0.0005, -0.0005, 0];

interface Made {
  readonly path?: string;
  readonly config?: Partial<typeof CONFIG>;
  readonly changes?: readonly number[];
  readonly report?: Partial<Report>;
  readonly model?: Partial<ModelReport>;
  readonly run?: Partial<RunFacts>;
}

function made({ path = 'm.onnx', config = {}, changes = SAME, report = {}, model = {}, run = {} }: Made = {}): Report {
  const plain = reportOf([measurement(changes, { config: { ...CONFIG, ...config } })], path);
  const gate = plain.verdict === 'regressed' ? 'failed' : 'passed';
  return {
    ...plain,
    gate,
    ...report,
    models: plain.models.map((one) => ({ ...one, ...model })),
    run: { ...plain.run, ...run },
  };
}

const leg = (name: string, report: Report) => ({ name, report });
const cellsOf = (report: Report, at = 0) =>
  report.models[at]?.cells.map(({ config, status }) => `${config.hardware} ${config.memoryMb} ${status}`);

const skipped = (cell: CellReport): CellReport => ({
  ...cell,
  config: { ...cell.config, hardware: cell.config.hardware === 'arm64' ? 'x86_64' : 'arm64' },
  status: 'skipped',
  reason: 'this machine has another hardware',
  latencyMs: null,
  costPerMillionUsd: null,
  verdict: null,
});
/** As a leg reports it that was asked for both hardware and has one. */
function ofBoth(report: Report): Report {
  return { ...report, models: report.models.map((m) => ({ ...m, cells: [...m.cells, ...m.cells.map(skipped)] })) };
}

describe('legs of a matrix', () => {
  it('become one report: cells of one model together, figures and choice over all', () => {
    const x86 = ofBoth(made({ config: { hardware: 'x86_64' } }));
    const arm = ofBoth(made({ config: { hardware: 'arm64' }, changes: SLOWER, run: { seconds: 20, calls: 9 } }));
    const merged = mergeReports([leg('x86', x86), leg('arm', arm)]);
    expect(cellsOf(merged)).toEqual(['x86_64 1769 measured', 'arm64 1769 measured']);
    expect(merged).toMatchObject({ verdict: 'regressed', gate: 'failed', error: null });
    expect(merged.models).toHaveLength(1);
    expect(merged.models[0]?.verdict).toBe('regressed');
    // Equal latency: the cheaper hardware.
    const [first, second] = merged.models[0]?.cells ?? [];
    expect(second?.costPerMillionUsd).toBeLessThanOrEqual(first?.costPerMillionUsd ?? 0);
    expect(merged.models[0]?.best.cheapest).toEqual(
      (second?.costPerMillionUsd ?? 0) < (first?.costPerMillionUsd ?? 0) ? second?.config : first?.config,
    );
    expect(merged.run).toMatchObject({ calls: 15, sandboxes: 12, seconds: 20, legs: null });
    expect(merged.run.notes.join(' ')).toContain('2 legs were each judged by themselves');
  });

  it('keeps different models, and one model against two baselines, beside each other', () => {
    const merged = mergeReports([
      leg('a', made({ path: 'a.onnx' })),
      leg('b', made({ path: 'b.onnx', changes: SLOWER })),
      leg('c', made({ path: 'a.onnx', model: { baselineKey: `${'c'.repeat(64)}-10` } })),
    ]);
    expect(merged.models.map(({ path, verdict }) => `${path} ${verdict}`)).toEqual([
      'a.onnx pass',
      'b.onnx regressed',
      'a.onnx pass',
    ]);
  });

  it('takes the newer of two reports of a cell, whichever comes first, and no verdict of the older', () => {
    const old = leg('1', made({ changes: SLOWER, run: { startedAt: '2026-11-24T00:00:00.000Z' } }));
    const young = leg('2', made({ run: { startedAt: '2026-11-24T00:10:00.000Z' } }));
    for (const legs of [
      [old, young],
      [young, old],
    ]) {
      const merged = mergeReports(legs);
      expect(merged).toMatchObject({ verdict: 'pass', gate: 'passed' });
      expect(merged.models[0]?.cells).toHaveLength(1);
      expect(merged.run.startedAt).toBe('2026-11-24T00:00:00.000Z');
    }
    expect(mergeReports([young, leg('1', { ...old.report, models: [] })])).toMatchObject({ verdict: 'regressed' });
  });

  it('computes the cost index where the 2,048 MB cell is another leg’s', () => {
    const merged = mergeReports([
      leg('1', made({ config: { memoryMb: 1024 } })),
      leg('2', made({ config: { memoryMb: 2048 } })),
    ]);
    expect(merged.models[0]?.cells.map(({ costIndex }) => costIndex)).toEqual([0.5, 1]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['a hardware', ['x86_64', 'arm64'], ['arm64']],
    ['a path', ['models/a.onnx', 'models/b.onnx'], ['models/b.onnx']],
    ['a file’s name', ['a.onnx', 'b.onnx'], ['b.onnx']],
    ['words together', ['a.onnx x86_64', 'a.onnx arm64', 'b.onnx x86_64'], ['a.onnx arm64', 'b.onnx x86_64']],
    ['its artifact', ['ayci-report-one', 'one', 'two'], ['two']],
  ])('names the one that is missing, by %s', (_name, expected, missing) => {
    const one = ofBoth(made({ path: 'models/a.onnx', config: { hardware: 'x86_64' } }));
    const merged = mergeReports([leg('ayci-report-one', one)], { expected });
    expect(merged.run.legs).toEqual({ expected, missing });
    expect(merged).toMatchObject({ verdict: 'unmeasured', gate: 'failed' });
    expect(mergeReports([leg('ayci-report-one', one)], { expected: expected.slice(0, 1) })).toMatchObject({
      verdict: 'pass',
      gate: 'passed',
      run: { legs: { missing: [] } },
    });
  });

  it('of three of which one is missing is regressed where another one is', () => {
    const merged = mergeReports(
      [leg('a', made({ path: 'a.onnx', changes: SLOWER })), leg('b', made({ path: 'b.onnx' }))],
      { expected: ['a.onnx', 'b.onnx', 'c.onnx'] },
    );
    expect(merged).toMatchObject({ verdict: 'regressed', gate: 'failed', run: { legs: { missing: ['c.onnx'] } } });
  });

  it('does not fail a build over a missing leg where no leg gates', () => {
    const report = made({ report: { gate: 'none' } });
    expect(mergeReports([leg('a', report)], { expected: ['b.onnx'] })).toMatchObject({ gate: 'none' });
  });

  it('says whose error it was', () => {
    const failed = made({ report: { error: { code: 'target', message: 'gone' }, verdict: 'unmeasured', models: [] } });
    expect(mergeReports([leg('a', made()), leg('b', { ...failed, models: [] })])).toMatchObject({
      error: { code: 'target', message: 'b: gone' },
      verdict: 'unmeasured',
    });
    expect(mergeReports([leg('b', failed)]).error).toEqual({ code: 'target', message: 'gone' });
  });

  it('joins gate changes, waivers and notes once each, a waiver in the state that counts', () => {
    const waiver = { model: '*', metric: 'latency', upTo: 0.2, expires: '2026-12-24', reason: 'r' };
    const run = (state: 'in force' | 'unused', commit: string): Partial<RunFacts> => ({
      gateChanges: ['limit'],
      notes: ['same'],
      waivers: [{ ...waiver, state }],
      baseline: { commit, from: 'git', note: null },
      commit: '0'.repeat(40),
    });
    const merged = mergeReports([
      leg('a', made({ path: 'a.onnx', run: run('unused', '1'.repeat(40)) })),
      leg('b', made({ path: 'b.onnx', run: run('in force', '2'.repeat(40)) })),
    ]);
    expect(merged.run).toMatchObject({
      gateChanges: ['limit'],
      waivers: [{ ...waiver, state: 'in force' }],
      commit: '0'.repeat(40),
      baseline: { commit: '1'.repeat(40) },
    });
    expect(merged.run.notes.filter((note) => note === 'same')).toHaveLength(1);
    expect(merged.run.notes.at(-1)).toContain('compared with different commits');
  });

  it('takes the same model from hundreds of legs', () => {
    const legs = Array.from({ length: 256 }, (_, at) => leg(`${at}`, made({ config: { batch: at + 1 } })));
    const merged = mergeReports(legs, { expected: legs.map(({ name }) => name) });
    expect(merged.models).toHaveLength(1);
    expect(merged.models[0]?.cells).toHaveLength(256);
    expect(merged.run.legs?.missing).toEqual([]);
  });

  it('of one leg is that leg’s report', () => {
    const report = made({ changes: SLOWER });
    expect(mergeReports([leg('a', report)])).toEqual(report);
  });

  it('of none is an error', () => {
    expect(() => mergeReports([])).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });
});
