import { createHash } from 'node:crypto';
import { HARDWARE, OPTIMIZERS } from '../../src/types/config.ts';
import type { Measurement, SandboxSubject, SandboxSummary, SubjectSummary } from '../../src/types/measurement.ts';
import { noise } from '../../test/support/measurements.ts';

const CPUS = [
  'Intel(R) Xeon(R) Processor @ 2.50GHz',
  'Intel(R) Xeon(R) Processor @ 2.90GHz',
  'AMD EPYC',
  'Neoverse-N1',
];
const MEMORIES = [512, 1024, 1769, 2048, 3008, 4096, 6144, 8192, 10240];
export const SANDBOXES = 6;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
export const CANDIDATE = `${hash('candidate')}-4956208`;
const BASELINE = `${hash('baseline')}-4956208`;

/**
 * Measurements as a matrix on Lambda gives them: no two figures alike, several CPU models, several runs.
 * @param seed the same seed gives the same ones
 */
export function variedMeasurements(count: number, seed: number): Measurement[] {
  const normal = noise(seed);
  const about = (value: number, spread: number): number => value * Math.exp(spread * normal());

  function sandboxSubject(ms: number, first: boolean): SandboxSubject {
    return {
      wallMs: about(ms, 0.05),
      cpuMs: about(ms, 0.05),
      coldMs: first ? about(850, 0.1) : null,
      peakMb: first ? about(190, 0.02) : null,
    };
  }

  function sandbox(at: number, ms: number): SandboxSummary {
    const first = at % 2 === 0 ? 'candidate' : 'baseline';
    return {
      first,
      quads: 6 + Math.abs(Math.round(8 * normal())),
      pair: { wall: 0.02 * normal(), cpu: 0.01 * normal() },
      cpuPerWall: about(0.99, 0.01),
      candidate: sandboxSubject(ms, first === 'candidate'),
      baseline: sandboxSubject(ms, first === 'baseline'),
    };
  }

  function subject(ms: number): SubjectSummary {
    const mean = about(ms, 0.02);
    return {
      latencyMs: { p50: about(ms, 0.02), p90: about(ms * 1.2, 0.05), p99: about(ms * 1.6, 0.1), mean, samples: 240 },
      phasesMs: {
        import: about(420, 0.1),
        fetch: about(60, 0.2),
        load: about(90, 0.1),
        first: about(ms * 3, 0.2),
        optimize: about(300, 0.1),
        compile: null,
      },
      peakMb: about(190, 0.02),
      artifact: { bytes: 5_000_000, notes: [], converters: {} },
    };
  }

  return Array.from({ length: count }, (_, at) => {
    const ms = about(40, 0.8);
    const hardware = HARDWARE[at % HARDWARE.length] ?? 'x86_64';
    const optimizer = OPTIMIZERS[(at >> 1) % OPTIMIZERS.length] ?? 'onnx';
    const memoryMb = MEMORIES[(at >> 2) % MEMORIES.length] ?? 1769;
    const batch = 2 ** (Math.floor(at / 36) % 5);
    const run = Math.floor(at / 180);
    const inputs = [`"data" float32 ${batch}x3x224x224 normal`];
    const seen = CPUS.filter((_cpu, index) => (hardware === 'arm64' ? index === 3 : index < 3 && normal() > 0));
    return {
      config: { hardware, optimizer, memoryMb, batch },
      candidateKey: CANDIDATE,
      baselineKey: BASELINE,
      mode: 'paired',
      provenance: {
        target: 'lambda',
        runtimeDigest: `sha256:${hash(`${hardware} ${run}`)}`,
        harness: '1',
        cpu: null,
        image: null,
        region: 'eu-central-1',
        limits: 'Lambda',
        seed: 1,
        candidateInputs: inputs,
        baselineInputs: inputs,
      },
      measuredAt: new Date(Date.UTC(2026, 10, 24) + at * 7919).toISOString(),
      run: `${19_000_000_000 + run * 7919}-1-${hash(`run ${run}`).slice(0, 8)}`,
      candidate: subject(ms),
      baseline: subject(ms),
      candidateFailure: null,
      baselineFailure: null,
      sandboxes: Array.from({ length: SANDBOXES }, (_sandbox, index) => sandbox(index, ms)),
      output: {
        maxAbsoluteDifference: about(1e-6, 0.5),
        relativeDifference: about(1e-7, 0.5),
        varies: true,
        problem: null,
      },
      outputChange: {
        maxAbsoluteDifference: about(1e-5, 0.5),
        relativeDifference: about(1e-6, 0.5),
        varies: true,
        problem: null,
      },
      cpuModels: seen.length === 0 ? ['AMD EPYC'] : seen,
      versions: { python: '3.12.11', onnxruntime: '1.32.0', onnx: '1.22.0', numpy: '2.4.1' },
      threads: Math.max(1, Math.round(memoryMb / 1769)),
    };
  });
}
