import type { Configuration, Framework, Hardware, RuntimeName } from './types/config.ts';
import type { Place } from './types/engines.ts';
import type { Failure } from './types/measurement.ts';
import type { ConvertRequest, RuntimeRequest, RuntimeResponse } from './types/protocol.ts';

/** What chooses a function: each is one runtime on one hardware with one memory size. */
export type Where = Pick<Configuration, 'hardware' | 'memoryMb'> & {
  readonly framework: RuntimeName;
  /** A conversion that the environment which serves can do as well. */
  readonly light?: true;
};

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

/** A function that calls will go to, and what for. */
export interface Work extends Where {
  readonly op: 'measure' | 'convert';
}

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
  /** Where runtimes read models: files of this machine, or objects of the archive through signed URLs. */
  readonly reads: 'files' | 'archive';
  /** Requests that may run at once; 1: one sandbox measures at a time. */
  readonly concurrency: number;
  /** What a reader should know of it: limits of the account. */
  readonly notes: readonly string[];
  /** Why nothing here runs this configuration, with what mends it; null: something does. */
  unavailable(framework: Framework, config: Omit<Configuration, 'batch'>): string | null;
  /** Identity of the code that measures a configuration, and of what converts for it. */
  runtimeDigest(framework: Framework, config: Omit<Configuration, 'batch'>): string;
  /** Identity of a runtime's converter. */
  converterDigest(step: Place, hardware: Hardware): string;
  /** Hardware on which a step converts for a model that is served on `hardware`. */
  converterHardware(step: Place, hardware: Hardware): Hardware;
  /** Human words for progress and report: `onnxruntime 1.32.0`. Architectures may have versions of their own. */
  runtimeName(framework: Framework, on: Pick<Configuration, 'optimizer' | 'hardware'>): string;
}

/** Runs requests on runtimes. Every call is one Invoke. */
export interface Target {
  readonly facts: TargetFacts;
  /** Makes ready what first calls need (environments, servers, sleeping functions); with progress. Idempotent. */
  prepare(work: readonly Work[], signal: AbortSignal): Promise<void>;
  /**
   * @param make gives the request when it is about to be sent, and again for each resend: it signs fresh URLs and knows
   *   by then which sandboxes to leave out
   */
  invoke(where: Where, make: () => Promise<RuntimeRequest>, signal: AbortSignal): Promise<Invocation>;
  /** Sends a conversion whose answer comes to the request's `output.result`; a failure that is known at once, else null. */
  submit(where: Where, make: () => Promise<ConvertRequest>, signal: AbortSignal): Promise<Failure | null>;
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
  /** Shows that writes below `prefix` will work, before minutes are spent on measuring. */
  ready(prefix: string): Promise<void>;
  read(key: string): Promise<StoredObject | null>;
  /** Writes if the object's tag is still `ifMatch` (null: if there is none). False: somebody else wrote first. */
  write(key: string, bytes: Uint8Array, ifMatch: string | null): Promise<boolean>;
  /** Keeps a local file under `key`, unless it is there already. */
  putFile(key: string, source: string): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Brings an object to a file of this machine. False: there is no such object. */
  getFile(key: string, target: string): Promise<boolean>;
  /** Whether its URLs are signed ones that another machine can use; else they are `file:`. */
  readonly remote: boolean;
  /** A URL a runtime can read for a quarter of an hour at least. It may be a secret: never shown. */
  readUrl(key: string): Promise<string>;
  /** A URL a converter can PUT one object to. It is a secret. @throws AyciError `internal` for a folder */
  writeUrl(key: string): Promise<string>;
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
