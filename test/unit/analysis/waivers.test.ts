import { describe, expect, it } from 'vitest';
import { plain } from '../../../src/analysis/plain.ts';
import { applyWaivers } from '../../../src/analysis/waivers.ts';
import type { Waiver } from '../../../src/types/settings.ts';
import type { CellVerdict, MetricVerdict, State } from '../../../src/types/verdict.ts';

const TODAY = '2026-11-24';

function waiver(changed: Partial<Waiver> = {}): Waiver {
  return {
    model: 'a.onnx',
    models: ['a.onnx'],
    metric: 'latency',
    upTo: 0.2,
    expires: '2026-12-24',
    reason: 'larger backbone',
    place: '.github/ayci.yml:9: waivers[0]',
    ...changed,
  };
}

function metric(state: State, change: number | null, threshold: number | null = 0.05): MetricVerdict {
  const [low, high] = change === null ? [null, null] : [change - 0.01, change + 0.01];
  return { ...plain(state, null, threshold), change, low, high };
}

function cell(state: State, metrics: CellVerdict['metrics']): CellVerdict {
  return { state, sandboxes: 6, quads: 24, metrics };
}

const slower = (change: number) => cell('regressed', { latency: metric('regressed', change) });

function one(verdict: CellVerdict, waivers: readonly Waiver[], today = TODAY) {
  const made = applyWaivers([{ model: 'a.onnx', verdict }], waivers, today);
  return { verdict: made.verdicts[0], waivers: made.waivers };
}

describe('a waiver that is in force', () => {
  it('accepts: the metric stays regressed, the cell leaves it out', () => {
    const { verdict, waivers } = one(slower(0.163), [waiver()]);
    expect(verdict?.state).toBe('pass');
    expect(verdict?.metrics.latency).toMatchObject({
      state: 'regressed',
      change: 0.163,
      accepted: { until: '2026-12-24', reason: 'larger backbone', upTo: 0.2 },
    });
    expect(waivers).toEqual([
      {
        model: 'a.onnx',
        metric: 'latency',
        upTo: 0.2,
        expires: '2026-12-24',
        reason: 'larger backbone',
        state: 'in force',
      },
    ]);
  });

  it('is held to the estimate, its own value included, whatever the interval', () => {
    expect(one(slower(0.2), [waiver()]).verdict?.state).toBe('pass');
    expect(one(slower(0.195), [waiver()]).verdict?.state).toBe('pass');
    expect(one(slower(0.2001), [waiver()]).verdict?.state).toBe('regressed');
  });

  it('over its ceiling fails, and says so', () => {
    const { verdict, waivers } = one(slower(0.25), [waiver()]);
    expect(verdict).toMatchObject({ state: 'regressed' });
    expect(verdict?.metrics.latency?.accepted).toBeUndefined();
    expect(verdict?.metrics.latency?.note).toBe('over its waiver (up to 20 % until 2026-12-24)');
    expect(waivers[0]?.state).toBe('in force');
  });

  it('holds on its last day and not on the next', () => {
    expect(one(slower(0.1), [waiver()], '2026-12-24').verdict?.state).toBe('pass');
    const after = one(slower(0.1), [waiver()], '2026-12-25');
    expect(after.verdict?.state).toBe('regressed');
    expect(after.verdict?.metrics.latency?.note).toBe('its waiver ended on 2026-12-24');
    expect(after.waivers[0]?.state).toBe('expired');
  });

  it('accepts no other metric, no other model and nothing that is not regressed', () => {
    const both = cell('regressed', { latency: metric('regressed', 0.1), cost: metric('regressed', 0.1) });
    expect(one(both, [waiver()]).verdict).toMatchObject({
      state: 'regressed',
      metrics: { latency: { accepted: { upTo: 0.2 } }, cost: { state: 'regressed' } },
    });
    expect(one(slower(0.1), [waiver({ model: 'b.onnx', models: ['b.onnx'] })])).toMatchObject({
      verdict: { state: 'regressed' },
      waivers: [{ state: 'unused' }],
    });
    const undecided = cell('inconclusive', { latency: metric('inconclusive', 0.1) });
    expect(one(undecided, [waiver()])).toMatchObject({
      verdict: { state: 'inconclusive' },
      waivers: [{ state: 'unused' }],
    });
  });

  it('leaves the worst of the rest as the state, and what is not gated out of it', () => {
    const rest = cell('regressed', {
      latency: metric('regressed', 0.1),
      memory: metric('inconclusive', 0.02),
      coldStart: metric('regressed', 0.5, null),
    });
    expect(one(rest, [waiver()]).verdict?.state).toBe('inconclusive');
  });
});

describe('several waivers', () => {
  it('the narrowest that covers it is named', () => {
    const made = one(slower(0.1), [waiver({ upTo: 0.5, reason: 'wide' }), waiver({ upTo: 0.12, reason: 'narrow' })]);
    expect(made.verdict?.metrics.latency?.accepted).toMatchObject({ upTo: 0.12, reason: 'narrow' });
  });

  it('an ended one does not stand in the way of one that holds', () => {
    const made = one(slower(0.1), [waiver({ upTo: 0.11, expires: '2026-11-01' }), waiver()]);
    expect(made.verdict?.state).toBe('pass');
    expect(made.waivers.map(({ state }) => state)).toEqual(['expired', 'in force']);
  });

  it('a glob serves each of its models by itself', () => {
    const cells = [
      { model: 'a.onnx', verdict: slower(0.1) },
      { model: 'b.onnx', verdict: slower(0.3) },
      { model: 'c.onnx', verdict: null },
    ];
    const made = applyWaivers(cells, [waiver({ model: '*.onnx', models: ['a.onnx', 'b.onnx', 'c.onnx'] })], TODAY);
    expect(made.verdicts.map((verdict) => verdict?.state ?? null)).toEqual(['pass', 'regressed', null]);
  });
});

describe('what has no size', () => {
  const broken = cell('regressed', { runs: plain('regressed', 'out-of-memory: 300 MB') });

  it('a configuration that no longer runs is accepted by a waiver of runs', () => {
    const { verdict } = one(broken, [waiver({ metric: 'runs', upTo: null })]);
    expect(verdict).toMatchObject({
      state: 'pass',
      metrics: { runs: { state: 'regressed', accepted: { upTo: null } } },
    });
    expect(one(broken, [waiver()]).verdict?.state).toBe('regressed');
  });

  it('outputs that cannot be compared are over any ceiling', () => {
    const shapes = cell('regressed', { output: metric('regressed', null, 0.01) });
    const { verdict } = one(shapes, [waiver({ metric: 'output', upTo: 10 })]);
    expect(verdict?.state).toBe('regressed');
    expect(verdict?.metrics.output?.note).toContain('cannot be compared');
  });
});

describe('without waivers', () => {
  it('verdicts are as they were', () => {
    const cells = [{ model: 'a.onnx', verdict: slower(0.1) }];
    expect(applyWaivers(cells, [], TODAY)).toEqual({ verdicts: [slower(0.1)], waivers: [] });
  });
});
