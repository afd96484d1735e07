import { describe, expect, test } from 'vitest';
import { latencyOf } from '../../../src/analysis/latency.ts';

function stretch(count: number, wallMs = count) {
  return { wallMs, cpuMs: wallMs, samplesMs: Array.from({ length: count }, (_, index) => index + 1) };
}

describe('latencyOf', () => {
  test('percentiles appear with enough samples', () => {
    expect(latencyOf([stretch(49)])).toMatchObject({ p50: 25, p90: null, p99: null, samples: 49 });
    expect(latencyOf([stretch(50)])).toMatchObject({ p90: 45.1, p99: null });
    expect(latencyOf([stretch(199)])?.p99).toBeNull();
    expect(latencyOf([stretch(200)])?.p99).toBeCloseTo(198.01, 10);
  });

  test('samples of all stretches are pooled', () => {
    expect(latencyOf([stretch(30), stretch(30)])).toMatchObject({ samples: 60, p50: 15.5 });
  });

  test('the mean is the whole wall time, stalls between samples included', () => {
    expect(latencyOf([{ wallMs: 100, cpuMs: 20, samplesMs: [4, 4, 4, 4] }])).toMatchObject({ mean: 25, p50: 4 });
  });

  test('a stretch without samples does not count, nor does its time', () => {
    const empty = { wallMs: 500, cpuMs: 1, samplesMs: [] };
    expect(latencyOf([empty, { wallMs: 10, cpuMs: 10, samplesMs: [5, 5] }])?.mean).toBe(5);
    expect(latencyOf([empty])).toBeNull();
    expect(latencyOf([])).toBeNull();
  });
});
