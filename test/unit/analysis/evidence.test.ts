import { describe, expect, test } from 'vitest';
import { firstRequestEvidence, latencyEvidence } from '../../../src/analysis/evidence.ts';
import { measurement, paired, pairedSandbox, soloSandbox } from './make.ts';

const SPREAD = [0.01, 0.02, 0.03];

describe('the deciding clock', () => {
  const clockOf = (shares: readonly number[], threads = 1) =>
    latencyEvidence(
      measurement(
        shares.map((cpuPerWall, at) => pairedSandbox(at / 100, at / 100, { cpuPerWall })),
        { threads },
      ),
    )?.clock;

  test('is the CPU where one thread worked', () => {
    expect(clockOf([1, 0.9, 0.4])).toBe('cpu');
    expect(clockOf([1.02, 1.02, 1.02])).toBe('cpu');
    expect(clockOf([1.03, 1.03, 1.03])).toBe('wall');
  });

  test('pools the sandboxes', () => {
    expect(clockOf([1.05, 0.98, 0.98])).toBe('cpu');
    expect(clockOf([1.3, 0.98, 0.98])).toBe('wall');
  });

  test('is the wall with more threads, whatever they did', () => {
    expect(clockOf([0.9, 0.9, 0.9], 2)).toBe('wall');
  });

  test('does not look at sandboxes that timed nothing', () => {
    expect(clockOf([1.04, 1.04, 1.04, 0, 0, 0])).toBe('wall');
  });

  test('is the same when the two models change places', () => {
    const swapped = (sign: 1 | -1) => latencyEvidence(paired(SPREAD.map((one) => sign * one)))?.clock;
    expect(swapped(1)).toBe(swapped(-1));
  });
});

describe('latencyEvidence', () => {
  test('paired: the mean of the sandboxes, by each clock', () => {
    const found = latencyEvidence(measurement(SPREAD.map((one) => pairedSandbox(2 * one, one))));
    expect(found?.wall.mean).toBeCloseTo(0.04, 12);
    expect(found?.cpu.mean).toBeCloseTo(0.02, 12);
    expect(found?.cpu.df).toBe(2);
  });

  test('fewer than three pairs decide nothing', () => {
    expect(latencyEvidence(paired([0.1, 0.2]))).toBeNull();
    const without = [pairedSandbox(0.1, 0.1), pairedSandbox(0.1, 0.1), pairedSandbox(0, 0, { pair: null })];
    expect(latencyEvidence(measurement(without))).toBeNull();
  });

  test('alternating: Welch on logarithms of what each sandbox took', () => {
    const candidate = [11, 11.1, 10.9].map((ms) => soloSandbox('candidate', { wallMs: 2 * ms, cpuMs: ms }));
    const baseline = [10, 10.1, 9.9, 10].map((ms) => soloSandbox('baseline', { wallMs: 2 * ms, cpuMs: ms }));
    const found = latencyEvidence(measurement([...candidate, ...baseline], { mode: 'alternating' }));
    // a = np.log([11, 11.1, 10.9]); b = np.log([10, 10.1, 9.9, 10]); ttest_ind(a, b, equal_var=False): df, statistic
    expect(found?.cpu.mean).toBeCloseTo(Math.log(1.1), 3);
    expect(found?.cpu.df).toBeCloseTo(4.141489540376519, 6);
    expect((found?.cpu.mean ?? 0) / (found?.cpu.standardError ?? 1)).toBeCloseTo(14.332719629598868, 6);
    expect(found?.wall.mean).toBeCloseTo(found?.cpu.mean ?? 0, 12);
    const few = measurement([...candidate.slice(1), ...baseline], { mode: 'alternating' });
    expect(latencyEvidence(few)).toBeNull();
  });
});

describe('firstRequestEvidence', () => {
  const cell = (candidate: readonly number[], baseline: readonly number[]) =>
    measurement([
      ...candidate.map((peakMb) => soloSandbox('candidate', { peakMb, coldMs: 10 * peakMb })),
      ...baseline.map((peakMb) => soloSandbox('baseline', { peakMb, coldMs: 10 * peakMb })),
    ]);

  test('compares what each was alone', () => {
    const found = firstRequestEvidence(cell([200, 201, 202], [100, 100.5, 101]), 'memory');
    expect(found?.mean).toBeCloseTo(Math.log(2), 6);
    expect(firstRequestEvidence(cell([200, 201, 202], [100, 100.5, 101]), 'coldStart')?.mean).toBeCloseTo(
      Math.log(2),
      6,
    );
  });

  test('no spread below the resolution: 1 MB of 100', () => {
    const found = firstRequestEvidence(cell([103, 103, 103], [100, 100, 100]), 'memory');
    expect(found?.standardError).toBeCloseTo(0.01 * Math.sqrt(2 / 3), 12);
  });

  test('a difference below the resolution is none', () => {
    expect(firstRequestEvidence(cell([100.9, 100.9, 100.9], [100, 100, 100]), 'memory')?.mean).toBe(0);
    expect(firstRequestEvidence(cell([101.1, 101.1, 101.1], [100, 100, 100]), 'memory')?.mean).toBeGreaterThan(0.01);
    // The same cell's cold start is 9 ms longer, which its clock resolves.
    expect(firstRequestEvidence(cell([100.9, 100.9, 100.9], [100, 100, 100]), 'coldStart')?.mean).toBeGreaterThan(
      0.008,
    );
  });

  test('three of each are needed', () => {
    expect(firstRequestEvidence(cell([200, 201], [100, 101, 102]), 'memory')).toBeNull();
    expect(firstRequestEvidence(cell([200, 201, 202], []), 'memory')).toBeNull();
  });
});
