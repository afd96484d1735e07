import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costChange } from '../../../src/analysis/cost.ts';
import { pricesOf } from '../../../src/analysis/prices.ts';
import { judge } from '../../../src/analysis/verdict.ts';
import type { Measurement } from '../../../src/types/measurement.ts';
import type { CellVerdict, Thresholds } from '../../../src/types/verdict.ts';
import { CONFIG, measurement, paired, pairedSandbox, soloSandbox, THRESHOLDS } from './make.ts';

const PRICES = pricesOf('us-east-1', 'region');

function judgeAll(cells: readonly Measurement[], thresholds: Thresholds = THRESHOLDS): readonly CellVerdict[] {
  return judge(cells, { thresholds, maxOutputDifference: null, prices: PRICES });
}

function judgeOne(cell: Measurement, thresholds: Thresholds = THRESHOLDS): CellVerdict {
  const [verdict] = judgeAll([cell], thresholds);
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

const NOISE = [-0.006, 0.004, -0.002, 0.005, 0.001, -0.002];
/** Six sandboxes around a change, which is their mean. */
const around = (change: number, by = 1): readonly number[] => NOISE.map((one) => Math.log(1 + change) + by * one);
/** Six sandboxes with a change by each clock. */
const clocks = (wall: number, cpu: number, more: Partial<Measurement> = {}) =>
  measurement(
    NOISE.map((one) => pairedSandbox(Math.log(1 + wall) + one, Math.log(1 + cpu) + one)),
    more,
  );

describe('latency', () => {
  test.each([
    [0.14, 'regressed'],
    [0, 'pass'],
    [0.02, 'pass'],
    [-0.02, 'pass'],
    [-0.14, 'improved'],
  ] as const)('a change of %d is %s', (change, state) => {
    const verdict = judgeOne(paired(around(change)));
    expect(verdict.state).toBe(state);
    expect(verdict.metrics.latency?.change).toBeCloseTo(change, 10);
  });

  test('golden values of one cell', () => {
    const y = [0.012, -0.004, 0.021, 0.008, 0.015, 0.003];
    const found = judgeOne(paired(y)).metrics.latency;
    // np.expm1 of: np.mean(y); mean ∓ np.hypot(stats.t.ppf(.975, 5) * stats.sem(y), 1.96 * .015 * mean);
    // (stats.t.ppf(.99, 5) + stats.t.ppf(.8, 5)) * stats.sem(y)
    expect(found?.change).toBeCloseTo(0.00920880922606182, 10);
    expect(found?.low).toBeCloseTo(-0.00016283332900069353, 10);
    expect(found?.high).toBeCloseTo(0.018668293768907492, 10);
    expect(found?.minimumDetectable).toBeCloseTo(0.015664744936043067, 9);
  });

  test('too much noise decides nothing, and says what it could have seen', () => {
    const found = judgeOne(paired(around(0.06, 20))).metrics.latency;
    expect(found?.state).toBe('inconclusive');
    expect(found?.minimumDetectable).toBeGreaterThan(0.05);
  });

  test('more cells ask for more proof of each', () => {
    const close = paired(around(0.06, 7));
    const still = Array.from({ length: 11 }, () => paired(around(0)));
    expect(judgeOne(close).state).toBe('regressed');
    expect(judgeAll([close, ...still])[0]?.state).toBe('inconclusive');
  });

  test('verdicts come in the order of the cells', () => {
    const states = judgeAll([paired(around(0.2)), paired(around(0)), paired(around(-0.2))]).map((one) => one.state);
    expect(states).toEqual(['regressed', 'pass', 'improved']);
    expect(judgeAll([])).toEqual([]);
  });

  test('identical figures have their answers', () => {
    expect(judgeOne(paired([0, 0, 0])).state).toBe('pass');
    expect(judgeOne(paired([0.25, 0.25, 0.25])).state).toBe('regressed');
    expect(judgeOne(paired([-0.25, -0.25, -0.25])).state).toBe('improved');
  });

  test('two sandboxes are too few, for whichever metric is gated', () => {
    for (const ungated of ['latency', 'cost'] as const) {
      const verdict = judgeOne(paired([0.2, 0.2]), { ...THRESHOLDS, [ungated]: null });
      expect(verdict.state).toBe('inconclusive');
      expect(verdict.metrics.latency?.note).toContain('too few');
    }
  });

  test('what is not gated never counts, not even where it is not known', () => {
    const verdict = judgeOne(paired([0.2, 0.2]), { ...THRESHOLDS, latency: null, cost: null });
    expect(verdict.metrics.latency?.state).toBe('inconclusive');
    expect(verdict.state).toBe('pass');
  });

  test('alternating', () => {
    const cell = (change: number) =>
      measurement(
        NOISE.flatMap((one) => [
          soloSandbox('candidate', { wallMs: 10 * (1 + change + one), cpuMs: 10 * (1 + change + one) }),
          soloSandbox('baseline', { wallMs: 10 * (1 - one), cpuMs: 10 * (1 - one) }),
        ]),
        { mode: 'alternating' },
      );
    expect(judgeOne(cell(0.2)).state).toBe('regressed');
    expect(judgeOne(cell(0)).state).toBe('pass');
    expect(judgeOne(cell(-0.2)).state).toBe('improved');
  });
});

describe('two clocks', () => {
  test('the CPU decides; both are shown', () => {
    const found = judgeOne(clocks(0.01, 0.14)).metrics.latency;
    expect(found).toMatchObject({ state: 'regressed', clock: 'cpu', note: null });
    expect(found?.wallChange).toBeCloseTo(0.01, 10);
    expect(found?.cpuChange).toBeCloseTo(0.14, 10);
  });

  test('more CPU time but less elapsed time is not decided', () => {
    const found = judgeOne(clocks(-0.1, 0.14)).metrics.latency;
    expect(found?.state).toBe('inconclusive');
    expect(found?.note).not.toBeNull();
  });

  test('less CPU time but more elapsed time is not called an improvement', () => {
    expect(judgeOne(clocks(0.02, -0.14)).state).toBe('pass');
    expect(judgeOne(clocks(0, -0.14)).state).toBe('improved');
  });

  test('a wall-only change is a note: it waits more', () => {
    const found = judgeOne(clocks(0.3, 0)).metrics.latency;
    expect(found?.state).toBe('pass');
    expect(found?.note).toContain('waits more');
    expect(judgeOne(clocks(0.02, 0)).metrics.latency?.note).toBeNull();
  });

  test('with threads there is no such note: more elapsed time may be more work', () => {
    const cell = (change: number) => paired(around(change, 11), { threads: 2 });
    const [found] = judgeAll([cell(0.105), ...Array.from({ length: 11 }, () => cell(0))]);
    expect(found?.metrics.latency).toMatchObject({ state: 'inconclusive', note: null });
    expect(found?.metrics.latency?.low).toBeGreaterThan(0.05);
  });

  test('with threads the wall decides', () => {
    expect(judgeOne(clocks(0.3, 0, { threads: 2 })).metrics.latency).toMatchObject({
      state: 'regressed',
      clock: 'wall',
    });
    expect(judgeOne(clocks(0, 0.3, { threads: 2 })).metrics.latency).toMatchObject({ state: 'pass', clock: 'wall' });
  });
});

describe('cost', () => {
  test('is latency in other money, every figure of it', () => {
    const { latency, cost } = judgeOne(clocks(0.1, 0.14)).metrics;
    for (const key of ['change', 'low', 'high', 'minimumDetectable', 'wallChange', 'cpuChange'] as const) {
      const own = latency?.[key] ?? Number.NaN;
      expect(cost?.[key]).toBeCloseTo(costChange(CONFIG, 10, own, PRICES), 12);
    }
  });

  test('where the fee rules, latency regresses and cost does not', () => {
    const config = { ...CONFIG, memoryMb: 128 };
    const { state, metrics } = judgeOne(paired(around(0.14), { config }));
    expect(state).toBe('regressed');
    expect(metrics.latency?.state).toBe('regressed');
    expect(metrics.cost?.state).toBe('pass');
  });

  test('a gate on cost alone judges cost alone', () => {
    const only = { ...THRESHOLDS, latency: null };
    const verdict = judgeOne(paired(around(0.14), { config: { ...CONFIG, memoryMb: 128 } }), only);
    expect(verdict.state).toBe('pass');
    expect(verdict.metrics.latency?.change).toBeCloseTo(0.14, 10);
    expect(judgeOne(paired(around(0.14)), only).state).toBe('regressed');
  });

  test('without the baseline’s own time it is not decided, never free', () => {
    const verdict = judgeOne(paired(around(0.14), { baseline: null }), { ...THRESHOLDS, latency: null });
    expect(verdict.state).toBe('inconclusive');
  });
});

describe('memory and cold start', () => {
  const GATED: Thresholds = { ...THRESHOLDS, memory: 0.05, coldStart: 0.05 };
  const first = (candidateMb: number, baselineMb: number, coldMs = 500) =>
    NOISE.flatMap((one, at) => [
      soloSandbox('candidate', { peakMb: candidateMb + at, coldMs: coldMs * (1 + one) }, 0),
      soloSandbox('baseline', { peakMb: baselineMb + at, coldMs: 500 * (1 - one) }, 0),
    ]);
  const cell = (candidateMb: number, baselineMb: number, coldMs?: number) =>
    measurement([...paired(around(0)).sandboxes, ...first(candidateMb, baselineMb, coldMs)]);

  test('gated: judged', () => {
    const verdict = judgeOne(cell(300, 200), GATED);
    expect(verdict.state).toBe('regressed');
    expect(verdict.metrics.memory).toMatchObject({ state: 'regressed', clock: null, threshold: 0.05 });
    expect(verdict.metrics.coldStart?.state).toBe('pass');
    expect(judgeOne(cell(200, 200, 900), GATED).metrics.coldStart?.state).toBe('regressed');
  });

  test('not gated: shown, never counted', () => {
    const verdict = judgeOne(cell(300, 200));
    expect(verdict.state).toBe('pass');
    expect(verdict.metrics.memory).toMatchObject({ state: 'pass', threshold: null });
    expect(verdict.metrics.memory?.change).toBeGreaterThan(0.4);
  });

  test('gated without figures is not decided; not gated without figures is not there', () => {
    expect(judgeOne(paired(around(0)), GATED).metrics.memory?.state).toBe('inconclusive');
    expect(judgeOne(paired(around(0))).metrics.memory).toBeUndefined();
  });

  test('both gated are one family: each has half the error', () => {
    const alone = judgeOne(cell(200, 200), { ...GATED, coldStart: null }).metrics.memory?.minimumDetectable ?? 0;
    const both = judgeOne(cell(200, 200), GATED).metrics.memory?.minimumDetectable ?? 0;
    expect(both).toBeGreaterThan(alone);
    const latency = (thresholds: Thresholds) => judgeOne(cell(200, 200), thresholds).metrics.latency?.minimumDetectable;
    expect(latency(GATED)).toBe(latency(THRESHOLDS));
  });
});

describe('cells', () => {
  test('a cell that needs no statistics is no hypothesis for the others', () => {
    const failed = paired([], { candidateFailure: { code: 'out-of-memory', message: '' } });
    const [own, , lonely] = judgeAll([paired(around(0)), failed, paired(around(0), { baselineKey: null })]);
    expect(own?.metrics.latency?.minimumDetectable).toBe(
      judgeOne(paired(around(0))).metrics.latency?.minimumDetectable,
    );
    expect(judgeAll([failed])[0]?.state).toBe('regressed');
    expect(lonely).toMatchObject({ state: 'no-baseline', sandboxes: 6, quads: 24, metrics: {} });
  });

  test('outputs that differ over their limit regress the cell', () => {
    const outputChange = { maxAbsoluteDifference: 1, relativeDifference: 0.5, varies: true, problem: null };
    const gates = { thresholds: THRESHOLDS, maxOutputDifference: 0.01, prices: PRICES };
    expect(judge([paired(around(0), { outputChange })], gates)[0]?.state).toBe('regressed');
    expect(judgeOne(paired(around(0), { outputChange })).state).toBe('pass');
  });
});

describe('properties', () => {
  const y = fc.double({ min: -0.4, max: 0.4, noNaN: true });
  const cells = fc.array(fc.array(y, { minLength: 3, maxLength: 8 }), { minLength: 1, maxLength: 4 });

  test('nothing is NaN', () => {
    fc.assert(
      fc.property(cells, (all) => {
        for (const { metrics } of judgeAll(all.map((one) => paired(one)))) {
          const numbers = Object.values(metrics).flatMap((one) => Object.values(one));
          expect(numbers.filter(Number.isNaN)).toEqual([]);
        }
      }),
    );
  });

  test('regressed and improved change places with the models', () => {
    const shifted = fc.tuple(
      fc.constantFrom(-0.3, -0.15, 0, 0.15, 0.3),
      fc.array(fc.double({ min: -0.01, max: 0.01, noNaN: true }), { minLength: 5, maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(shifted, { minLength: 1, maxLength: 4 }), (all) => {
        const side = (sign: 1 | -1) =>
          judgeAll(all.map(([by, noise]) => paired(noise.map((one) => sign * (by + one)))));
        const [forth, back] = [side(1), side(-1)];
        for (const [index, one] of forth.entries()) {
          expect(one.state === 'regressed').toBe(back[index]?.state === 'improved');
          expect(one.state === 'improved').toBe(back[index]?.state === 'regressed');
        }
      }),
    );
  });

  test('the rule, read off the report: what is said follows from the figures shown', () => {
    fc.assert(
      fc.property(cells, (all) => {
        for (const { metrics } of judgeAll(all.map((one) => paired(one)))) {
          const { state, change, low, high } = metrics.latency ?? {};
          if (state === undefined || change == null || low == null || high == null) throw new Error('no figures');
          if (state === 'regressed') expect(low > 0 && change >= 0.05).toBe(true);
          if (state === 'improved') expect(high < 0 && change <= -0.05).toBe(true);
          if (state === 'pass') expect(high).toBeLessThan(0.05);
          if (state === 'inconclusive') expect(high).toBeGreaterThanOrEqual(0.05);
        }
      }),
    );
  });

  test('cost changes in the direction of latency', () => {
    fc.assert(
      fc.property(cells, (all) => {
        for (const { metrics } of judgeAll(all.map((one) => paired(one)))) {
          const change = metrics.latency?.change ?? 0;
          if (Math.abs(change) > 1e-6) expect(Math.sign(metrics.cost?.change ?? 0)).toBe(Math.sign(change));
        }
      }),
    );
  });

  test('the order of cells and of sandboxes does not matter', () => {
    fc.assert(
      fc.property(cells, (all) => {
        const states = judgeAll(all.map((one) => paired(one))).map((one) => one.state);
        const turned = judgeAll([...all].reverse().map((one) => paired([...one].reverse()))).map((one) => one.state);
        expect(turned.reverse()).toEqual(states);
      }),
    );
  });
});
