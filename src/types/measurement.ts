import type { Configuration, Role } from './config.ts';
import type { ModelKey } from './model.ts';

/** What has to be equal for an archived record to stand for a new measurement. */
export interface Provenance {
  readonly target: string;
  /** Digest of the runtime's code and locked requirements, with its Python. */
  readonly runtimeDigest: string;
  /** The measuring protocol's own version. */
  readonly harness: string;
  /** The host's CPU model (local), or null where the platform chooses. */
  readonly cpu: string | null;
  /** The host's image, where it has a version. */
  readonly image: string | null;
  readonly region: string | null;
  /** How the CPU share and the memory limit were enforced: `cgroup v2 + rlimit`. */
  readonly limits: string;
  readonly seed: number;
  /** What was fed, one line an input: `x float32 1x3x224x224 normal`. */
  readonly candidateInputs: readonly string[];
  readonly baselineInputs: readonly string[] | null;
}

export interface Latency {
  readonly p50: number;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly mean: number;
  readonly samples: number;
}

export interface Phases {
  readonly import: number | null;
  readonly fetch: number | null;
  readonly load: number | null;
  readonly first: number | null;
  readonly optimize: number | null;
  readonly compile: number | null;
}

/** What a cell serves: the model, or what it was converted to. */
export interface ServedArtifact {
  readonly bytes: number;
  /** What its converter said of it. */
  readonly notes: readonly string[];
  /** Versions of what converted it, by library; none where nothing was converted, or the record is older. */
  readonly converters: Readonly<Record<string, string>>;
}

/** One subject over all sandboxes of a cell. Times in ms, an inference (a batch) each. */
export interface SubjectSummary {
  readonly latencyMs: Latency;
  readonly phasesMs: Phases;
  readonly peakMb: number | null;
  /** Null in records of before it was kept. */
  readonly artifact: ServedArtifact | null;
}

export interface SandboxSubject {
  /** Median over blocks of the mean time of an inference, by each clock; null where only the first request was of interest. */
  readonly wallMs: number | null;
  readonly cpuMs: number | null;
  /** Import + fetch + load + first, where this subject loaded first in a cold sandbox. */
  readonly coldMs: number | null;
  readonly peakMb: number | null;
}

/** What one sandbox said: the unit of the statistics. */
export interface SandboxSummary {
  readonly first: Role;
  readonly quads: number;
  /** Median over quads of ½ Σ (ln candidate − ln baseline), by each clock; null where one subject ran. */
  readonly pair: { readonly wall: number; readonly cpu: number } | null;
  /** CPU time / wall time over all blocks: above 1.02 helper threads worked. */
  readonly cpuPerWall: number;
  readonly candidate: SandboxSubject | null;
  readonly baseline: SandboxSubject | null;
}

/** Why a cell has no figures; a closed set. */
export const FAILURES = [
  'out-of-memory',
  'timeout',
  'crashed',
  'conversion-failed',
  'invalid-model',
  'invalid-input',
  'inference-failed',
  'throttled',
  'connection-lost',
  'artifact-mismatch',
  'protocol',
] as const;
export type FailureCode = (typeof FAILURES)[number];

/** What a runtime's own errors mean for a cell, by the class names that they are told by. */
export const FAILURE_OF_ERROR: Readonly<Record<string, FailureCode>> = {
  OutOfMemory: 'out-of-memory',
  InvalidRequest: 'protocol',
  InvalidModel: 'invalid-model',
  InvalidInput: 'invalid-input',
  ArtifactMismatch: 'artifact-mismatch',
  UploadFailed: 'connection-lost',
  ConversionFailed: 'conversion-failed',
  InferenceFailed: 'inference-failed',
};

/** Failures that say nothing of the model: the same request may succeed on another sandbox. */
export const PASSING_FAILURES: readonly FailureCode[] = [
  'throttled',
  'connection-lost',
  'artifact-mismatch',
  'protocol',
];

export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
}

export interface OutputComparison {
  readonly maxAbsoluteDifference: number | null;
  /** Relative to the output's largest value in the reference; of the output that differs most. */
  readonly relativeDifference: number | null;
  readonly varies: boolean;
  readonly problem: string | null;
}

/** One cell's run, summarised: what the archive keeps and what the analysis reads. */
export interface Measurement {
  readonly config: Configuration;
  readonly candidateKey: ModelKey;
  readonly baselineKey: ModelKey | null;
  /** `paired`: both in each sandbox; `alternating`: both did not fit together; `solo`: no baseline. */
  readonly mode: 'paired' | 'alternating' | 'solo';
  readonly provenance: Provenance;
  readonly measuredAt: string;
  readonly run: string;
  readonly candidate: SubjectSummary | null;
  readonly baseline: SubjectSummary | null;
  readonly candidateFailure: Failure | null;
  readonly baselineFailure: Failure | null;
  readonly sandboxes: readonly SandboxSummary[];
  /** Converted against unconverted; null where the optimizer is `vanilla`. */
  readonly output: OutputComparison | null;
  /** Candidate against baseline. */
  readonly outputChange: OutputComparison | null;
  readonly cpuModels: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
}
