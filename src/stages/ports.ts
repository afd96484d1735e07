import type { Scope } from '../archive/records.ts';
import type { ModelSource } from '../model/source.ts';
import type { ArchiveStore, Clock, Logger, Target } from '../ports.ts';
import type { BaselineRef } from '../types/inputs.ts';
import type { ModelKey } from '../types/model.ts';

/** The baseline that a run gets by itself, in a workflow. */
export interface OwnBaseline {
  /** Null: nothing to compare with; `note` says why. */
  readonly ref: BaselineRef | null;
  readonly commit: string | null;
  readonly from: 'history' | 'git' | null;
  readonly note: string | null;
  /** What the base has against itself, once its model is known. */
  standing(key: ModelKey): string | null;
}

/** Everything outside that a run touches, handed in by its entry. */
export interface RunPorts {
  readonly target: Target;
  readonly store: ArchiveStore;
  readonly scope: Scope;
  readonly models: ModelSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly version: string;
  /** What a reader starts this AYCI with, to see a result again. */
  readonly command: string;
  readonly commit: string | null;
  readonly baseCommit: string | null;
  /** Finds the baseline of a model for which none was asked; null outside a workflow. */
  readonly ownBaseline: ((path: string) => Promise<OwnBaseline>) | null;
  /** The branch whose history this run adds to; null: none. */
  readonly historyBranch: string | null;
  /** What a reader should know of how the run was set up. */
  readonly notes: readonly string[];
  /** Whose Lambda prices count. */
  readonly region: string;
  /** Names this run in the archive; unique. */
  readonly runId: string;
  /** A folder for what converters write, removed by the entry. */
  readonly scratch: string;
  /** How the entry names an input in messages. */
  readonly placeOf: (input: 'aws-region' | 'baseline') => string;
}
