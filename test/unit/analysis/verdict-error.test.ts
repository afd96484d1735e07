import { describe, expect, test } from 'vitest';
import { pricesOf } from '../../../src/analysis/prices.ts';
import { judge } from '../../../src/analysis/verdict.ts';
import type { CellVerdict } from '../../../src/types/verdict.ts';
import { measurement, normal, pairedSandbox, soloSandbox, THRESHOLDS, uniform } from './make.ts';

const PRICES = pricesOf('us-east-1', 'region');
const CELLS = 8;
const SANDBOXES = 6;
/** Spread between sandboxes of the CPU estimate, as seen on a busy machine. */
const NOISE = 0.009;

/** A limit of nothing: every rejection shows, so that the error of the test itself is counted and not the limit's. */
const ANY = 1e-12;

/** Thousands of runs take seconds, more on a busy machine; how long is not what is tested. */
const PATIENCE = 120_000;

type Next = () => number;

function pairedCell(next: Next, change: number) {
  const y = () => change + NOISE * next();
  return measurement(Array.from({ length: SANDBOXES }, () => pairedSandbox(y(), y())));
}

function alternatingCell(next: Next, change: number) {
  const time = (of: number) => {
    const ms = 10 * Math.exp(of + NOISE * next());
    return { wallMs: ms, cpuMs: ms };
  };
  const both = () => [soloSandbox('candidate', time(change)), soloSandbox('baseline', time(0))];
  return measurement(Array.from({ length: SANDBOXES }, both).flat(), { mode: 'alternating' });
}

function run(next: Next, cell: typeof pairedCell, change: number, limit: number): readonly CellVerdict[] {
  const cells = Array.from({ length: CELLS }, () => cell(next, change));
  const thresholds = { ...THRESHOLDS, latency: limit, cost: null };
  return judge(cells, { thresholds, maxOutputDifference: null, prices: PRICES });
}

/** Share of runs in which a verdict says so. */
function share(runs: number, seed: number, of: (next: Next) => boolean): number {
  const next = normal(uniform(seed));
  let count = 0;
  for (let index = 0; index < runs; index += 1) if (of(next)) count += 1;
  return count / runs;
}

const said = (verdicts: readonly CellVerdict[], state: CellVerdict['state']): boolean =>
  verdicts.some((one) => one.state === state);

describe('equal models', () => {
  // 2,000 runs at 1 %: standard error 0.22 %. The lower end holds that the count counts.
  test.each([
    ['paired', pairedCell],
    ['alternating', alternatingCell],
  ] as const)('%s: one run in a hundred rejects anything, in either direction', { timeout: PATIENCE }, (_, cell) => {
    let faster = 0;
    const slower = share(2000, 1, (next) => {
      const verdicts = run(next, cell, 0, ANY);
      if (said(verdicts, 'improved')) faster += 1;
      return said(verdicts, 'regressed');
    });
    for (const rejected of [slower, faster / 2000]) {
      expect(rejected).toBeLessThan(0.01 + 4 * 0.0022);
      expect(rejected).toBeGreaterThan(0.01 - 4 * 0.0022);
    }
  });

  test('at the limit of 5 % none of 1,000 runs blames a model, and nearly every cell passes', {
    timeout: PATIENCE,
  }, () => {
    let passed = 0;
    const blamed = share(1000, 3, (next) => {
      const verdicts = run(next, pairedCell, 0, 0.05);
      passed += verdicts.filter((one) => one.state === 'pass').length;
      return said(verdicts, 'regressed');
    });
    expect(blamed).toBe(0);
    expect(passed / (1000 * CELLS)).toBeGreaterThan(0.99);
  });
});

describe('models that changed', () => {
  test('+14 % is found in every cell, −14 % too', { timeout: PATIENCE }, () => {
    const all = (sign: 1 | -1, state: CellVerdict['state']) => (next: Next) =>
      run(next, pairedCell, sign * Math.log(1.14), 0.05).every((one) => one.state === state);
    expect(share(200, 4, all(1, 'regressed'))).toBeGreaterThan(0.98);
    expect(share(200, 5, all(-1, 'improved'))).toBeGreaterThan(0.98);
  });

  test('the smallest detectable change is detected about four times in five', { timeout: PATIENCE }, () => {
    // Exactly: 1 - stats.nct.cdf(stats.t.ppf(.99, 5), 5, stats.t.ppf(.99, 5) + stats.t.ppf(.8, 5)) = 0.7766
    const t99 = 3.3649299989072174;
    const t80 = 0.9195437802408271;
    const change = ((t99 + t80) * NOISE) / Math.sqrt(SANDBOXES);
    const found = share(4000, 6, (next) => {
      const thresholds = { ...THRESHOLDS, latency: ANY, cost: null };
      return said(
        judge([pairedCell(next, change)], { thresholds, maxOutputDifference: null, prices: PRICES }),
        'regressed',
      );
    });
    expect(found).toBeGreaterThan(0.7766 - 0.03);
    expect(found).toBeLessThan(0.7766 + 0.03);
  });

  test('an interval holds the truth 95 times in 100', { timeout: PATIENCE }, () => {
    const change = Math.log(1.03);
    const held = share(4000, 7, (next) => {
      const [verdict] = judge([pairedCell(next, change)], {
        thresholds: THRESHOLDS,
        maxOutputDifference: null,
        prices: PRICES,
      });
      const { low, high } = verdict?.metrics.latency ?? {};
      if (low == null || high == null) throw new Error('no interval');
      return low <= 0.03 && 0.03 <= high;
    });
    expect(held).toBeGreaterThan(0.95 - 0.015);
    expect(held).toBeLessThan(0.95 + 0.015);
  });
});
