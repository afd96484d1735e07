import { describe, expect, it } from 'vitest';
import { configurations, impossibleOn, type Limits, threadsOf } from '../../../src/plan/matrix.ts';

const host: Limits = {
  hardware: ['x86_64'],
  maxVcpus: 2,
  maxMemoryMb: 16_000,
  fractionalCpu: true,
  fractionalCpuRemedy: null,
};
const cell = { hardware: 'x86_64', optimizer: 'onnx', memoryMb: 1769, batch: 1 } as const;

describe('the matrix', () => {
  it('holds every combination once', () => {
    const all = configurations({
      hardware: ['x86_64', 'arm64'],
      optimizers: ['vanilla', 'onnx'],
      memoriesMb: [512, 1769],
      batches: [1, 8],
    });
    expect(all).toHaveLength(16);
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(16);
  });

  it.each([
    [128, 1],
    [885, 1],
    [1769, 1],
    [2653, 1],
    [2654, 2],
    [3538, 2],
    [10_240, 6],
  ])('%i MB have %i threads', (memory, threads) => {
    expect(threadsOf(memory)).toBe(threads);
  });
});

describe('cells that a machine cannot run are told with their reason', () => {
  it('runs what fits', () => {
    expect(impossibleOn(host, cell)).toBeNull();
    expect(impossibleOn(host, { ...cell, memoryMb: 3538 })).toBeNull();
  });

  it.each([
    ['other hardware', host, { ...cell, hardware: 'arm64' as const }, 'x86_64, not arm64'],
    ['more vCPUs', host, { ...cell, memoryMb: 10_240 }, '5.79 vCPUs'],
    ['more memory', { ...host, maxMemoryMb: 1000 }, cell, '1000 MB'],
    [
      'a share that cannot be set',
      { ...host, fractionalCpu: false, fractionalCpuRemedy: 'Run as root.' },
      { ...cell, memoryMb: 885 },
      'Run as root.',
    ],
  ])('%s', (_name, limits, config, part) => {
    expect(impossibleOn(limits, config)).toContain(part);
  });

  it('runs a whole vCPU where no share can be set', () => {
    expect(impossibleOn({ ...host, fractionalCpu: false }, cell)).toBeNull();
  });
});
