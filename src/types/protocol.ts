import type { Hardware, Optimizer, Role, RuntimeName } from './config.ts';
import type { InputSpec } from './model.ts';

/** The runtime protocol, version 1. Schemas: `runtimes/contract/`. Times in ms, memory in MB (MiB). */
export const PROTOCOL = 1;

export interface ArtifactFile {
  readonly path: string;
  /** `file:` on the embedded Lambda, presigned `https:` elsewhere (`http:` to this machine alone). */
  readonly url: string;
  readonly sha256: string;
  readonly size: number;
}

export interface Artifact {
  readonly entry: string;
  readonly files: readonly ArtifactFile[];
}

export interface Subject {
  readonly role: Role;
  readonly artifact: Artifact;
  readonly inputs: readonly InputSpec[];
  /** The unconverted model, to compare outputs with after the timing; of the runtime's own framework. */
  readonly reference?: Artifact;
  /** The unconverted model's outputs, written by another runtime (`infer`) with the same inputs and seed. */
  readonly expected?: Artifact;
}

export interface Timing {
  /** Uncounted inferences before any timing, each subject. */
  readonly warmups: number;
  readonly stretchMs: number;
  readonly stretchMin: number;
  readonly blockMs: number;
  readonly minQuads: number;
  /** Quads go on until this much has been timed. */
  readonly quadsMs: number;
}

export interface MeasureRequest {
  readonly protocol: 1;
  readonly op: 'measure';
  readonly nonce: string;
  readonly framework: RuntimeName;
  readonly optimizer: Optimizer;
  readonly batch: number;
  readonly threads: number;
  readonly seed: number;
  /** One (solo) or two (paired), in the order in which they load. */
  readonly subjects: readonly Subject[];
  readonly timing: Timing;
  /** From the request's receipt; the runtime stops by then and returns what it has. */
  readonly deadlineMs: number;
  /** This sandbox takes no further request. */
  readonly retire: boolean;
  /** Sandboxes (ids, at most 1000) that answer ExcludedResponse instead. */
  readonly notIn?: readonly string[];
  /** True: so does every sandbox that has served a request before, of whatever kind. */
  readonly fresh?: boolean;
  /** How long an excluded sandbox stays busy before its answer, 0 to 10,000; 0 where absent. */
  readonly holdMs?: number;
}

/** Inferences of one subject, timed together; the first (warming) one is not counted. */
export interface Block {
  readonly role: Role;
  /** Counted inferences. */
  readonly count: number;
  /** Mean wall time of a counted inference. */
  readonly wallMs: number;
  /** Mean process CPU time of a counted inference. */
  readonly cpuMs: number;
}

export interface OutputTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** How far two sets of outputs lie apart: that output which differs most, each relative to its own largest magnitude. */
export interface Agreement {
  readonly maxAbsoluteDifference: number | null;
  /** What the difference is relative to: the largest magnitude of that output in the reference. */
  readonly maxAbsoluteReference: number;
  /** Whether the reference's output changes with its input; if not, agreement proves nothing. */
  readonly varies: boolean;
  /** Why they could not be compared (other shapes, no memory), else null. */
  readonly problem: string | null;
}

export interface SubjectResponse {
  readonly role: Role;
  readonly fetchMs: number;
  readonly loadMs: number;
  readonly firstMs: number;
  /** Peak resident memory with this subject alone; null for the subject that loaded second. */
  readonly peakMb: number | null;
  readonly stretch: { readonly wallMs: number; readonly cpuMs: number; readonly samplesMs: readonly number[] };
  readonly outputs: readonly OutputTensor[];
  /** SHA-256 of the outputs' bytes. */
  readonly fingerprint: string;
  /** Against `reference`, where one was given. */
  readonly agreement: Agreement | null;
}

export interface Environment {
  readonly cpu: string;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
}

export interface Sandbox {
  readonly id: string;
  /** Requests that it has received, this one included. */
  readonly requests: number;
  /** Whether this is its first request. */
  readonly cold: boolean;
  readonly retired: boolean;
}

export interface MeasureResponse {
  readonly protocol: 1;
  readonly op: 'measure';
  readonly nonce: string;
  readonly sandbox: Sandbox;
  /** Import of the framework's libraries, once a sandbox. */
  readonly importMs: number;
  readonly subjects: readonly SubjectResponse[];
  /** In the order run, four a quad: ABBA or BAAB (AAAA where there is one subject). */
  readonly blocks: readonly Block[];
  /** Candidate against baseline, where both ran. */
  readonly change: Agreement | null;
  /** True where the deadline cut the timing short. */
  readonly truncated: boolean;
  readonly environment: Environment;
}

/** Answer to a MeasureRequest of a sandbox that the request excludes: it has done nothing but wait. */
export interface ExcludedResponse {
  readonly protocol: 1;
  readonly op: 'excluded';
  readonly nonce: string;
  readonly sandbox: Sandbox;
}

/** Asks what a runtime is, and of a model, where one is given, what it takes and gives. */
export interface DescribeRequest {
  readonly protocol: 1;
  readonly op: 'describe';
  readonly nonce: string;
  readonly framework: RuntimeName;
  readonly optimizer: Optimizer;
  readonly artifact?: Artifact;
}

/** A dimension is its size, its symbol, or null. */
export interface DescribedInput {
  readonly name: string;
  /** Null, as `dims`: the model does not tell. */
  readonly dtype: string | null;
  readonly dims: readonly (number | string | null)[] | null;
}

/** `dtype` is null for what is no tensor (a sequence, a map). */
export interface DescribedOutput {
  readonly name: string;
  readonly dtype: string | null;
}

export interface DescribeResponse {
  readonly protocol: 1;
  readonly op: 'describe';
  readonly nonce: string;
  readonly sandbox: Sandbox;
  readonly environment: Environment;
  /** Null where no artifact was given. */
  readonly inputs: readonly DescribedInput[] | null;
  readonly outputs: readonly DescribedOutput[] | null;
}

/** Where a conversion's files and its result are uploaded by PUT, presigned. */
export interface ConvertSlots {
  /** At most 16; the k-th file of the converted model, sorted by path, goes to slot k. */
  readonly slots: readonly { readonly url: string }[];
  /** Gets the ConvertResponse or the ConvertFailure, after all files. */
  readonly result: { readonly url: string };
}

/** `convert`: the model as an optimizer wants it; `infer`: what the unconverted model answers (`outputs.json`). */
export interface ConvertRequest {
  readonly protocol: 1;
  readonly op: 'convert' | 'infer';
  readonly nonce: string;
  readonly framework: RuntimeName;
  readonly optimizer: Optimizer;
  readonly artifact: Artifact;
  /** Where the result is served; it may be other than where it is made. */
  readonly hardware: Hardware;
  readonly batch: number;
  /** Of serving. */
  readonly threads: number;
  readonly seed: number;
  readonly inputs: readonly InputSpec[];
  /** Folder (`file:` URL) into which the converted model is written, or the places that it is uploaded to. */
  readonly output: string | ConvertSlots;
}

export interface ConvertedFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  /** Index of the slot that holds it, where there are slots. */
  readonly slot?: number;
}

export interface ConvertResponse {
  readonly protocol: 1;
  readonly op: 'convert' | 'infer';
  readonly nonce: string;
  readonly entry: string;
  /** Sorted by path. */
  readonly files: readonly ConvertedFile[];
  /** Graph optimization (with export to another format and quantization) and hardware compilation; null: none. */
  readonly optimizeMs: number | null;
  readonly compileMs: number | null;
  /** At most 20: what fell back to slower code, by which way it came. */
  readonly notes?: readonly string[];
  readonly environment: Environment;
}

/** What `ConvertSlots.result` gets where the conversion failed. */
export interface ConvertFailure {
  readonly protocol: 1;
  readonly op: 'convert' | 'infer';
  readonly nonce: string;
  readonly errorType: RuntimeErrorType;
  readonly errorMessage: string;
}

export type RuntimeRequest = MeasureRequest | ConvertRequest | DescribeRequest;
export type RuntimeResponse = MeasureResponse | ExcludedResponse | ConvertResponse | DescribeResponse;

/** `errorType` of a FunctionError that a runtime raises by itself: its exceptions' class names. */
export const RUNTIME_ERRORS = [
  'OutOfMemory',
  'InvalidRequest',
  'InvalidModel',
  'InvalidInput',
  'ArtifactMismatch',
  'ConversionFailed',
  'InferenceFailed',
  'UploadFailed',
] as const;
export type RuntimeErrorType = (typeof RUNTIME_ERRORS)[number];
