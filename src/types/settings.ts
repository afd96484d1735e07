import type { Optimizer } from './config.ts';
import type { FailOn, Inputs } from './inputs.ts';
import type { Metric } from './verdict.ts';

/** How much latency and cost weigh in the balanced best configuration; their sum is 1. */
export interface Weights {
  readonly latency: number;
  readonly cost: number;
}

/** Limits on the figures themselves, whatever the baseline has; null: none. */
export interface ServiceLevels {
  /** p99 of one inference, ms. */
  readonly maxP99Ms: number | null;
  /** USD per million items. */
  readonly maxCostPerMillionUsd: number | null;
}

/** The user's own largest difference between converted and unconverted outputs, relative; others have the optimizer's. */
export type Tolerances = Readonly<Partial<Record<Optimizer, number>>>;

/** One model of a configuration file, checked. What its inputs have of the run itself is the same in all models. */
export interface ModelSettings {
  /** Where the file names it, for messages: `.github/ayci.yml:12: models[0].path`. */
  readonly place: string;
  readonly inputs: Inputs;
  readonly weights: Weights;
  readonly serviceLevels: ServiceLevels;
  readonly outputTolerances: Tolerances;
}

/** A regression that reviewers accepted, for a time. */
export interface Waiver {
  /** Path or glob, as written. */
  readonly model: string;
  /** Paths of the configuration's models that it is for. */
  readonly models: readonly string[];
  readonly metric: Metric;
  /** Largest change that it accepts, a ratio; null for `runs`, which has no size. */
  readonly upTo: number | null;
  /** The last day on which it holds (UTC), `2026-12-24`. */
  readonly expires: string;
  readonly reason: string;
  /** `.github/ayci.yml:20: waivers[0]`. */
  readonly place: string;
}

/** A configuration file, checked, its globs resolved. */
export interface Settings {
  readonly file: string;
  readonly models: readonly [ModelSettings, ...ModelSettings[]];
  readonly failOn: readonly FailOn[];
  readonly waivers: readonly Waiver[];
  /** Measure only models whose key is not their baseline's. */
  readonly onlyChanged: boolean;
  /** What a model would be held to without the file: the inputs of the action or command line alone. */
  readonly withoutFile: Inputs;
}
