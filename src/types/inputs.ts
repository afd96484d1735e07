import type { Hardware, Optimizer } from './config.ts';
import type { Dtype } from './model.ts';
import type { Thresholds } from './verdict.ts';

/** Where the baseline comes from; null in `Inputs` where none was asked for. */
export type BaselineRef =
  | { readonly kind: 'path'; readonly path: string }
  /** The model's own path at a commit. */
  | { readonly kind: 'git'; readonly ref: string }
  /** A model that the archive keeps. */
  | { readonly kind: 'key'; readonly key: string }
  /** The newest accepted model that the archive's history has of a branch. */
  | { readonly kind: 'archive'; readonly branch: string };

/** Where models, measurements and history are kept. */
export type ArchivePlace =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  /** The cache of GitHub Actions. */
  | { readonly kind: 'github' };

export const FAIL_ON = ['regressed', 'inconclusive', 'unmeasured'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export type GateOn = 'cells' | 'best';

/** Shape of one input as a user gives it. */
export interface InputShape {
  readonly dims: readonly number[];
  /** For models that do not say it; null: not given. */
  readonly dtype: Dtype | null;
}

export interface InputOverrides {
  readonly shapes: Readonly<Record<string, InputShape>>;
  readonly ranges: Readonly<Record<string, { readonly low: number; readonly high: number }>>;
  /** Paths of `.npy` files. */
  readonly files: Readonly<Record<string, string>>;
}

/** `arn:aws:iam::123456789012:role/name`. */
export type RoleArn = string;

/** Everything a run was asked for, checked. */
export interface Inputs {
  readonly model: string;
  readonly baseline: BaselineRef | null;
  readonly target: 'auto' | 'local' | 'lambda';
  /** Null: the host's own. */
  readonly hardware: readonly Hardware[] | null;
  readonly optimizers: readonly Optimizer[];
  readonly memoriesMb: readonly number[];
  readonly batches: readonly number[];
  readonly overrides: InputOverrides;
  /** Null: the entry's own default. */
  readonly archive: ArchivePlace | null;
  readonly reportDir: string;
  readonly thresholds: Thresholds;
  /** Largest relative difference between the candidate's and the baseline's outputs; null: shown, not gated. */
  readonly maxOutputDifference: number | null;
  readonly gateOn: GateOn;
  readonly failOn: readonly FailOn[];
  readonly maxMinutes: number;
  readonly maxCalls: number;
  readonly maxSpendUsd: number;
  /** Null where none was given: the entry says whose is taken. */
  readonly region: string | null;
  /** Role that a run takes through OIDC; null: the environment's own credentials. */
  readonly role: RoleArn | null;
  /** The same for runs on the base branch, which may write what others are judged by. */
  readonly baselineRole: RoleArn | null;
  /** Tag of the deployed stack whose functions are used. */
  readonly stack: string;
  /** A file with the user's own versions of frameworks; null: the runtimes' own. */
  readonly runtimeRequirements: string | null;
  /** Of a SavedModel with several; null: its default. */
  readonly signature: string | null;
  readonly seed: number;
}
