import type { Configuration, Framework, Hardware, Optimizer } from './types/config.ts';
import type { Failure } from './types/measurement.ts';
import type { RuntimeRequest, RuntimeResponse } from './types/protocol.ts';

/** What an invocation cost, by the platform's own REPORT line. */
export interface InvocationReport {
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  /** Null for a warm sandbox. */
  readonly initMs: number | null;
}

export type Invocation =
  | { readonly ok: true; readonly response: RuntimeResponse; readonly report: InvocationReport | null }
  | { readonly ok: false; readonly failure: Failure; readonly report: InvocationReport | null };

/** What a target is and what it can run; known before anything is started. */
export interface TargetFacts {
  readonly kind: string;
  readonly hardware: readonly Hardware[];
  /** vCPUs that one sandbox can have. */
  readonly maxVcpus: number;
  /** MB that one sandbox can have. */
  readonly maxMemoryMb: number;
  /** False where a fraction of a vCPU cannot be enforced. */
  readonly fractionalCpu: boolean;
  /** Why not, and what to do. */
  readonly fractionalCpuRemedy: string | null;
  /** `cgroup v1 + rlimit`. */
  readonly limits: string;
  readonly cpu: string | null;
  readonly image: string | null;
  readonly region: string | null;
  runtimeDigest(framework: Framework, optimizer: Optimizer): string;
  /** Human words for progress and report: `onnxruntime 1.32.0`. */
  runtimeName(framework: Framework, optimizer: Optimizer): string;
}

/** Runs requests on runtimes. Every call is one Invoke. */
export interface Target {
  readonly facts: TargetFacts;
  /** Makes ready what a first call needs (environments, servers); with progress. Idempotent. */
  prepare(frameworks: readonly Framework[], signal: AbortSignal): Promise<void>;
  invoke(
    config: Pick<Configuration, 'hardware' | 'memoryMb'> & { readonly framework: Framework },
    request: RuntimeRequest,
    signal: AbortSignal,
  ): Promise<Invocation>;
  close(): Promise<void>;
}

/** An object of the archive and the tag that compare-and-swap needs. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** Keeps objects under slash-separated keys; writes are compare-and-swap. */
export interface ArchiveStore {
  /** For messages: the folder, or `s3://bucket/prefix`. */
  readonly name: string;
  /** Shows that writes will work, before minutes are spent on measuring. */
  ready(): Promise<void>;
  read(key: string): Promise<StoredObject | null>;
  /** Writes if the object's tag is still `ifMatch` (null: if there is none). False: somebody else wrote first. */
  write(key: string, bytes: Uint8Array, ifMatch: string | null): Promise<boolean>;
  /** Keeps a local file under `key`, unless it is there already. */
  putFile(key: string, source: string): Promise<void>;
  /** A URL a runtime can read, or null where there is no such object. */
  urlOf(key: string): Promise<string | null>;
}

export interface Clock {
  /** Monotonic, ms. */
  now(): number;
  date(): Date;
}

/** Where progress and warnings go. */
export interface Logger {
  info(line: string): void;
  warn(line: string): void;
  debug(line: string): void;
  /** What is being done now; replaced by the next one on a terminal. */
  progress(line: string): void;
}
