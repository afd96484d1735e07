import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateOf, runVerdict } from '../../../src/analysis/gate.ts';
import { pricesOf } from '../../../src/analysis/prices.ts';
import { type Gates, judge } from '../../../src/analysis/verdict.ts';
import { measurement, noise, sandbox } from '../../support/measurements.ts';

const gates: Gates = {
  thresholds: { latency: 0.05, cost: 0.05, memory: null, coldStart: null },
  maxOutputDifference: null,
  prices: pricesOf('us-east-1', '--aws-region'),
};
const six = (change: number, spread = 0.002): number[] =>
  [-1, 1, -0.5, 0.5, 0.2, -0.2].map((by) => change + by * spread);
const stateOf = (changes: readonly number[], over = {}, with_: Partial<Gates> = {}) =>
  judge([measurement(changes, over)], { ...gates, ...with_ })[0];

describe('the declared rule', () => {
  it('finds +14 % and tells how sure', () => {
    const verdict = stateOf(six(Math.log(1.14)));
    expect(verdict?.state).toBe('regressed');
    const latency = verdict?.metrics.latency;
    expect(latency).toMatchObject({ state: 'regressed', clock: 'cpu', threshold: 0.05 });
    expect(latency?.change).toBeCloseTo(0.14, 3);
    expect(latency?.low ?? 0).toBeLessThan(0.14);
    expect(latency?.high ?? 0).toBeGreaterThan(0.14);
  });

  it('passes an unchanged model, and a change below the limit', () => {
    expect(stateOf(six(0))?.state).toBe('pass');
    expect(stateOf(six(0.02))?.state).toBe('pass');
  });

  it('calls a clear gain improved', () => {
    expect(stateOf(six(Math.log(0.8)))?.state).toBe('improved');
  });

  it('does not decide where the noise hides the limit, and tells what it could have seen', () => {
    const verdict = stateOf(six(0.03, 0.1));
    expect(verdict?.state).toBe('inconclusive');
    expect(verdict?.metrics.latency?.minimumDetectable ?? 0).toBeGreaterThan(0.05);
  });

  it('lets the wall decide where helper threads worked or more than one was asked for', () => {
    const spinning = { sandboxes: six(0.2).map((change) => sandbox(change, { cpuPerWall: 1.5 })) };
    expect(stateOf([], spinning)?.metrics.latency?.clock).toBe('wall');
    expect(stateOf(six(0.2), { threads: 2 })?.metrics.latency?.clock).toBe('wall');
  });

  it('does not blame a model whose CPU time grew while elapsed time fell', () => {
    const disagreeing = { sandboxes: six(0).map((by) => sandbox(0, { pair: { wall: -0.1 + by, cpu: 0.1 + by } })) };
    const latency = stateOf([], disagreeing)?.metrics.latency;
    expect(latency?.state).toBe('inconclusive');
    expect(latency?.note).toContain('elapsed time fell');
  });

  it('notes that a model waits more, without failing it', () => {
    const waiting = { sandboxes: six(0).map((by) => sandbox(0, { pair: { wall: 0.2 + by, cpu: by } })) };
    const verdict = stateOf([], waiting);
    expect(verdict?.state).toBe('pass');
    expect(verdict?.metrics.latency?.note).toContain('waits more');
  });

  it('gates cost by its own limit: the request fee dilutes it', () => {
    const verdict = stateOf(six(Math.log(1.06)), {}, { thresholds: { ...gates.thresholds, latency: null } });
    const cost = verdict?.metrics.cost;
    expect(cost?.change ?? 0).toBeGreaterThan(0);
    expect(cost?.change ?? 1).toBeLessThan(0.05);
    expect(verdict?.state).toBe('pass');
  });

  it('decides nothing from two sandboxes', () => {
    expect(stateOf([0.5, 0.5])?.state).toBe('inconclusive');
  });

  it('judges models that ran one at a time unpaired', () => {
    const alternating = {
      mode: 'alternating' as const,
      sandboxes: [...six(0.2), ...six(0)].map((change, at) => {
        const ms = 10 * Math.exp(change);
        const own = { wallMs: ms, cpuMs: ms, coldMs: 100, peakMb: 90 };
        return sandbox(0, { pair: null, candidate: at < 6 ? own : null, baseline: at < 6 ? null : own });
      }),
    };
    const verdict = stateOf([], alternating);
    expect(verdict?.state).toBe('regressed');
    expect(verdict?.metrics.latency?.change).toBeCloseTo(Math.exp(0.2) - 1, 2);
  });
});

describe('memory, cold start and outputs', () => {
  const heavier = (candidateMb: number) => ({
    sandboxes: six(0).flatMap((change) => [
      sandbox(change, {
        baseline: null,
        pair: null,
        candidate: { wallMs: null, cpuMs: null, coldMs: 100, peakMb: candidateMb },
      }),
      sandbox(change, {
        candidate: null,
        pair: null,
        baseline: { wallMs: null, cpuMs: null, coldMs: 100, peakMb: 100 },
      }),
      sandbox(change, { candidate: null, baseline: null }),
    ]),
  });
  const memory = { thresholds: { ...gates.thresholds, memory: 0.1 } };

  it('fails a larger model where memory is gated, and shows it where not', () => {
    expect(stateOf([], heavier(130), memory)?.metrics.memory?.state).toBe('regressed');
    const shown = stateOf([], heavier(130));
    expect(shown?.metrics.memory?.threshold).toBeNull();
    expect(shown?.metrics.memory?.change).toBeCloseTo(0.3, 2);
    expect(shown?.state).toBe('pass');
  });

  it('sees no change below a megabyte', () => {
    expect(stateOf([], heavier(100.4), memory)?.metrics.memory?.state).toBe('pass');
  });

  it('gates outputs only where asked', () => {
    const changed = {
      outputChange: { maxAbsoluteDifference: 2, relativeDifference: 0.5, varies: true, problem: null },
    };
    expect(stateOf(six(0), changed)?.state).toBe('pass');
    expect(stateOf(six(0), changed, { maxOutputDifference: 0.01 })?.state).toBe('regressed');
  });
});

describe('models that do not run', () => {
  const failure = { code: 'out-of-memory', message: 'no memory' } as const;
  it('regress where the baseline ran', () => {
    const verdict = stateOf([], { candidateFailure: failure });
    expect(verdict?.state).toBe('regressed');
    expect(verdict?.metrics.runs?.note).toContain('out-of-memory');
  });

  it('are no regression where the baseline did not run either, or where there is none', () => {
    expect(stateOf([], { candidateFailure: failure, baselineFailure: failure })?.state).toBe('unmeasured');
    expect(stateOf([], { candidateFailure: failure, baselineKey: null })?.state).toBe('unmeasured');
    expect(stateOf(six(0), { baselineFailure: failure })?.state).toBe('no-baseline');
  });
});

describe('the run', () => {
  it('takes the worst of its cells; sizes too small for both models do not count beside others', () => {
    expect(runVerdict(['pass', 'regressed', 'inconclusive'])).toBe('regressed');
    expect(runVerdict(['pass', 'unmeasured'])).toBe('pass');
    expect(runVerdict(['unmeasured'])).toBe('unmeasured');
    expect(runVerdict([])).toBe('unmeasured');
  });

  it('fails what it is told to fail', () => {
    expect(gateOf(['regressed'], ['regressed'])).toBe('failed');
    expect(gateOf(['inconclusive'], ['regressed'])).toBe('passed');
    expect(gateOf(['regressed'], [])).toBe('none');
    expect(gateOf(['no-baseline'], ['regressed'])).toBe('none');
    expect(gateOf(['regressed', 'inconclusive'], ['inconclusive'])).toBe('failed');
    expect(gateOf(['pass', 'unmeasured'], ['unmeasured'])).toBe('passed');
  });

  it('blames an unchanged model in about one run of a hundred at most (2,000 runs of 8 cells, noise of 2 %)', () => {
    const normal = noise(7);
    let blamed = 0;
    for (let run = 0; run < 2000; run += 1) {
      const cells = Array.from({ length: 8 }, () => measurement(Array.from({ length: 6 }, () => 0.02 * normal())));
      // No limit on the size: every rejection counts, so that the statistics alone are tried.
      const verdicts = judge(cells, { ...gates, thresholds: { ...gates.thresholds, latency: 1e-9, cost: null } });
      if (verdicts.some((verdict) => verdict.state === 'regressed')) blamed += 1;
    }
    // 1 % of 2,000 is 20; 35 is more than three standard deviations above.
    expect(blamed).toBeLessThanOrEqual(35);
    expect(blamed).toBeGreaterThan(2);
  });

  it('finds +14 % in eight cells at a noise of 0.9 % in at least 99 of 100 runs', () => {
    const normal = noise(11);
    let found = 0;
    for (let run = 0; run < 200; run += 1) {
      const cells = Array.from({ length: 8 }, () =>
        measurement(Array.from({ length: 6 }, () => Math.log(1.14) + 0.009 * normal())),
      );
      if (judge(cells, gates).every((verdict) => verdict.state === 'regressed')) found += 1;
    }
    expect(found).toBeGreaterThanOrEqual(198);
  });

  it('gives the mirrored answer when candidate and baseline swap', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (changes) => {
          const one = stateOf(changes)?.metrics.latency;
          const other = stateOf(changes.map((change) => -change))?.metrics.latency;
          expect(1 + (one?.change ?? 0)).toBeCloseTo(1 / (1 + (other?.change ?? 0)), 9);
          expect(one?.state === 'regressed' && other?.state === 'regressed').toBe(false);
        },
      ),
    );
  });
});
