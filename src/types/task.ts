import type { Inputs } from './inputs.ts';
import type { ModelSettings, Waiver } from './settings.ts';

/** One model of a run, and what it is held to. */
export interface ModelTask extends Omit<ModelSettings, 'place'> {
  /** What it is called where its file lies elsewhere. */
  readonly shownAs?: string;
}

/** What a run has to do. */
export interface RunTask {
  readonly models: readonly [ModelTask, ...ModelTask[]];
  readonly waivers: readonly Waiver[];
  /** Leaves models out of the report that are their baselines, to the byte. */
  readonly onlyChanged: boolean;
  /** What a pull request loosens for itself in the configuration, in words. */
  readonly gateChanges: readonly string[];
}

/** A run of one model, as its inputs say, without a configuration file. */
export function taskOf(inputs: Inputs): RunTask {
  const model: ModelTask = {
    inputs,
    weights: { latency: 0.5, cost: 0.5 },
    serviceLevels: { maxP99Ms: null, maxCostPerMillionUsd: null },
    outputTolerances: {},
  };
  return { models: [model], waivers: [], onlyChanged: false, gateChanges: [] };
}
