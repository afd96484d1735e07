import type { Configuration } from '../../src/types/config.ts';
import type { Measurement, SandboxSummary } from '../../src/types/measurement.ts';

/** mulberry32 with normal values by Box and Muller: seeded noise for tests. */
export function noise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export const CONFIG: Configuration = { hardware: 'x86_64', optimizer: 'onnx', memoryMb: 1769, batch: 1 };

export function sandbox(logChange: number, over: Partial<SandboxSummary> = {}): SandboxSummary {
  const ms = Number((10 * Math.exp(logChange)).toPrecision(6));
  return {
    first: 'candidate',
    quads: 6,
    pair: { wall: logChange, cpu: logChange },
    cpuPerWall: 1,
    candidate: { wallMs: ms, cpuMs: ms, coldMs: 100, peakMb: 90 },
    baseline: { wallMs: 10, cpuMs: 10, coldMs: null, peakMb: null },
    ...over,
  };
}

const SUMMARY = {
  latencyMs: { p50: 10, p90: 11, p99: null, mean: 10, samples: 120 },
  phasesMs: { import: 70, fetch: 5, load: 20, first: 12, optimize: null, compile: null },
  peakMb: 90,
  artifact: null,
};

/** A measured pair whose sandboxes saw these changes of the logarithm. */
export function measurement(logChanges: readonly number[], over: Partial<Measurement> = {}): Measurement {
  return {
    config: CONFIG,
    candidateKey: `${'a'.repeat(64)}-10`,
    baselineKey: `${'b'.repeat(64)}-10`,
    mode: 'paired',
    provenance: {
      target: 'local',
      runtimeDigest: 'sha256:0',
      harness: '1',
      cpu: 'cpu',
      image: null,
      region: null,
      limits: 'cgroup v1 + rlimit',
      seed: 1,
      candidateInputs: ['"x" float32 1 normal'],
      baselineInputs: ['"x" float32 1 normal'],
    },
    measuredAt: '2026-11-24T00:00:00.000Z',
    run: 'run-1',
    candidate: SUMMARY,
    baseline: SUMMARY,
    candidateFailure: null,
    baselineFailure: null,
    sandboxes: logChanges.map((change) => sandbox(change)),
    output: { maxAbsoluteDifference: 1e-7, relativeDifference: 1e-7, varies: true, problem: null },
    outputChange: { maxAbsoluteDifference: 0, relativeDifference: 0, varies: true, problem: null },
    cpuModels: ['cpu'],
    versions: { onnxruntime: '1.32.0' },
    threads: 1,
    ...over,
  };
}
