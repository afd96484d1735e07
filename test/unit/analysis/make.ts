import type { Configuration, Role } from '../../../src/types/config.ts';
import type { Latency, Measurement, SandboxSubject, SandboxSummary } from '../../../src/types/measurement.ts';
import type { Block, MeasureResponse, SubjectResponse } from '../../../src/types/protocol.ts';
import type { Thresholds } from '../../../src/types/verdict.ts';

export const CONFIG: Configuration = { hardware: 'x86_64', optimizer: 'onnx', memoryMb: 1769, batch: 1 };
export const THRESHOLDS: Thresholds = { latency: 0.05, cost: 0.05, memory: null, coldStart: null };
export const PHASES = { import: null, fetch: null, load: null, first: null, optimize: null, compile: null };

export function latency(ms: number): Latency {
  return { p50: ms, p90: null, p99: null, mean: ms, samples: 10 };
}

/** One sandbox with both subjects: ln(candidate / baseline) by each clock. */
export function pairedSandbox(wall: number, cpu: number, more: Partial<SandboxSummary> = {}): SandboxSummary {
  return { first: 'candidate', quads: 4, pair: { wall, cpu }, cpuPerWall: 1, candidate: null, baseline: null, ...more };
}

/** One sandbox with one subject. */
export function soloSandbox(role: Role, figures: Partial<SandboxSubject>, cpuPerWall = 1): SandboxSummary {
  const subject = { wallMs: null, cpuMs: null, coldMs: null, peakMb: null, ...figures };
  const none = { candidate: null, baseline: null };
  return { first: role, quads: 4, pair: null, cpuPerWall, ...none, [role]: subject };
}

export function measurement(sandboxes: readonly SandboxSummary[], more: Partial<Measurement> = {}): Measurement {
  const subject = { latencyMs: latency(10), phasesMs: PHASES, peakMb: 80, artifact: null };
  return {
    config: CONFIG,
    candidateKey: 'c-1',
    baselineKey: 'b-1',
    mode: 'paired',
    provenance: {
      target: 'local',
      runtimeDigest: 'd',
      harness: '1',
      cpu: null,
      image: null,
      region: null,
      limits: 'none',
      seed: 1,
      candidateInputs: [],
      baselineInputs: [],
    },
    measuredAt: '2026-11-01T00:00:00.000Z',
    run: 'r',
    candidate: subject,
    baseline: subject,
    candidateFailure: null,
    baselineFailure: null,
    sandboxes,
    output: null,
    outputChange: null,
    cpuModels: [],
    versions: {},
    threads: 1,
    ...more,
  };
}

/** A cell whose sandboxes all say the same of both clocks, but for a spread that averages out. */
export function paired(changes: readonly number[], more: Partial<Measurement> = {}): Measurement {
  return measurement(
    changes.map((change) => pairedSandbox(change, change)),
    more,
  );
}

export function block(role: Role, wallMs: number, cpuMs = wallMs, count = 2): Block {
  return { role, count, wallMs, cpuMs };
}

export function subjectResponse(role: Role, more: Partial<SubjectResponse> = {}): SubjectResponse {
  return {
    role,
    fetchMs: 1,
    loadMs: 20,
    firstMs: 300,
    peakMb: null,
    stretch: { wallMs: 30, cpuMs: 30, samplesMs: [10, 10, 10] },
    outputs: [],
    fingerprint: 'f',
    agreement: null,
    ...more,
  };
}

export function response(
  subjects: readonly SubjectResponse[],
  blocks: readonly Block[] = [],
  more: Partial<MeasureResponse> = {},
): MeasureResponse {
  return {
    protocol: 1,
    op: 'measure',
    nonce: 'n',
    sandbox: { id: 's', requests: 1, cold: true, retired: true },
    importMs: 4000,
    subjects,
    blocks,
    change: null,
    truncated: false,
    environment: { cpu: 'some', threads: 1, versions: {} },
    ...more,
  };
}

/** Uniform in [0, 1), seeded: mulberry32. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal deviates by Box and Muller. */
export function normal(next: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
