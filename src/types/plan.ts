import type { Configuration } from './config.ts';
import type { Measurement } from './measurement.ts';
import type { InputSpec, Model } from './model.ts';

export interface PlannedCell {
  readonly config: Configuration;
  readonly threads: number;
  readonly candidateInputs: readonly InputSpec[];
  readonly baselineInputs: readonly InputSpec[] | null;
  /** Why it cannot run here, or null. */
  readonly impossible: string | null;
  /** The archive's record that stands for it, or null. */
  readonly known: Measurement | null;
}

export interface Estimate {
  readonly cells: number;
  readonly reused: number;
  readonly impossible: number;
  readonly calls: number;
  readonly seconds: number;
  readonly usd: number;
}

export interface Plan {
  readonly candidate: Model;
  readonly baseline: Model | null;
  readonly cells: readonly PlannedCell[];
}
