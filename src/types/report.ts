import type { Configuration, Framework } from './config.ts';
import type { Latency, Phases, ServedArtifact } from './measurement.ts';
import type { InputSpec, ModelKey } from './model.ts';
import type { CellVerdict, State } from './verdict.ts';

export const CELL_STATUS = ['measured', 'reused', 'estimated', 'failed', 'skipped'] as const;
export type CellStatus = (typeof CELL_STATUS)[number];

export interface BaselineFigures {
  readonly latencyMs: Latency;
  readonly throughputPerSecond: number;
  readonly costPerMillionUsd: number;
  readonly memoryMb: { readonly peak: number | null };
  readonly phasesMs: Phases;
  readonly artifact: ServedArtifact | null;
}

export interface OutputFigures {
  readonly maxAbsoluteDifference: number | null;
  readonly relativeDifference: number | null;
  readonly equivalent: boolean;
  readonly problem: string | null;
}

export interface CellReport {
  readonly config: Configuration;
  readonly status: CellStatus;
  readonly reason: string | null;
  readonly latencyMs: Latency | null;
  readonly throughputPerSecond: number | null;
  readonly phasesMs: Phases | null;
  /** What is served: the model, or what it was converted to; null where that is not known. */
  readonly artifact: ServedArtifact | null;
  readonly memoryMb: { readonly peak: number | null } | null;
  readonly costPerMillionUsd: number | null;
  readonly costIndex: number | null;
  readonly pareto: boolean;
  readonly baseline: BaselineFigures | null;
  readonly verdict: CellVerdict | null;
  readonly output: OutputFigures | null;
  readonly outputChange: OutputFigures | null;
  readonly provenance: {
    readonly measuredAt: string;
    readonly runtimeDigest: string;
    readonly runtimeVersions: Readonly<Record<string, string>>;
    readonly cpu: string | null;
    readonly region: string | null;
    readonly harness: string;
    readonly threads: number;
    readonly mode: 'paired' | 'alternating' | 'solo';
    readonly limits: string;
  } | null;
}

export interface Best {
  readonly cheapest: Configuration | null;
  readonly fastest: Configuration | null;
  readonly balanced: Configuration | null;
}

export interface ModelReport {
  readonly path: string;
  readonly key: ModelKey;
  readonly framework: Framework;
  /** The worst of its cells, as far as the gate counts them. */
  readonly verdict: State;
  readonly baselinePath: string | null;
  readonly baselineKey: ModelKey | null;
  /** The baseline as it was asked for: a path, `git:main`, `key:…`. */
  readonly baselineRef: string | null;
  /** What was fed, at the first batch size. */
  readonly inputs: readonly InputSpec[];
  /** What the user said of inputs, to say it again when reproducing. */
  readonly overrides: readonly { readonly input: string; readonly value: string }[];
  readonly cells: readonly CellReport[];
  readonly best: Best;
  /** Facts about the change that need no measurement: operators added and removed. */
  readonly operatorChanges: Readonly<Record<string, number>>;
  /** The others, in words: parameters, opset, inputs and outputs. */
  readonly modelChanges: readonly string[];
}

export interface RunFacts {
  readonly target: string;
  readonly seed: number;
  readonly calls: number;
  readonly sandboxes: number;
  readonly seconds: number;
  readonly spentUsd: number;
  readonly reused: number;
  /** The first model's. */
  readonly baselineRef: string | null;
  readonly commit: string | null;
  readonly baseCommit: string | null;
  readonly startedAt: string;
  readonly ayciVersion: string;
  /** What a reader starts AYCI with: `npx --yes github:OWNER/ayci#v1`. */
  readonly command: string;
  readonly priceRegion: string;
  readonly priceDate: string;
  /** What a pull request loosens for itself in the configuration, in words. */
  readonly gateChanges: readonly string[];
  readonly waivers: readonly WaiverReport[];
  readonly baseline: BaselineFacts | null;
  readonly legs: Legs | null;
  /** What a reader should know of how this run was made (limits that could not be set, archive objects passed over). */
  readonly notes: readonly string[];
}

/** A waiver of the configuration, and what became of it in this run. */
export interface WaiverReport {
  /** Path or glob, as written. */
  readonly model: string;
  readonly metric: string;
  /** Null for `runs`, which has no size. */
  readonly upTo: number | null;
  readonly expires: string;
  readonly reason: string;
  readonly state: 'in force' | 'expired' | 'unused';
}

/** What a pull request is compared with, and how that was found. */
export interface BaselineFacts {
  readonly commit: string | null;
  readonly from: 'history' | 'git' | 'given' | null;
  readonly note: string | null;
}

/** Legs of a workflow matrix whose reports were put together. */
export interface Legs {
  readonly expected: readonly string[];
  readonly missing: readonly string[];
}

/** `report.json`, schema 1: `docs/report.schema.json`. A number that was not measured is null. */
export interface Report {
  readonly schema: 1;
  readonly verdict: State;
  readonly gate: 'passed' | 'failed' | 'none';
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly models: readonly ModelReport[];
  readonly run: RunFacts;
}
