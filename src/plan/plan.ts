import type { Configuration, Framework } from '../types/config.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Measurement, Provenance } from '../types/measurement.ts';
import type { InputSpec, Model } from '../types/model.ts';
import type { Plan, PlannedCell } from '../types/plan.ts';
import { inputText } from './fills.ts';
import { configurations, impossibleOn, type Limits, threadsOf } from './matrix.ts';
import { type Overrides, resolveInputs, shapelessInputs } from './shapes.ts';

/** What the plan has to know of the target, beyond what it can run. */
export interface TargetIdentity extends Limits {
  readonly kind: string;
  readonly limits: string;
  readonly cpu: string | null;
  readonly image: string | null;
  readonly region: string | null;
  runtimeDigest(framework: Framework, config: Omit<Configuration, 'batch'>): string;
  unavailable(framework: Framework, config: Omit<Configuration, 'batch'>): string | null;
}

/** How the archive is asked for a record that stands for a cell. */
export type Find = (cell: {
  readonly config: PlannedCell['config'];
  readonly provenance: Provenance;
}) => Measurement | null;

export interface Question {
  readonly inputs: Inputs;
  readonly overrides: Overrides;
  readonly candidate: Model;
  readonly baseline: Model | null;
  readonly target: TargetIdentity;
  readonly harness: string;
}

/** What has to be the same for an archived record to stand for a new one. */
export function provenanceOf(
  question: Pick<Question, 'inputs' | 'candidate' | 'target' | 'harness'>,
  config: Omit<Configuration, 'batch'>,
  candidateInputs: readonly InputSpec[],
  baselineInputs: readonly InputSpec[] | null,
): Provenance {
  const { target, inputs, harness } = question;
  return {
    target: target.kind,
    runtimeDigest: target.runtimeDigest(question.candidate.framework, config),
    harness,
    cpu: target.cpu,
    image: target.image,
    region: target.region,
    limits: target.limits,
    seed: inputs.seed,
    candidateInputs: candidateInputs.map(inputText),
    baselineInputs: baselineInputs?.map(inputText) ?? null,
  };
}

/** Names that both models have; a baseline may lack an input that the candidate got, and the other way round. */
function overridesFor(signature: Model['signature'], overrides: Overrides): Overrides {
  const has = (name: string): boolean => signature.inputs.some((input) => input.name === name);
  const only = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => has(name)));
  return { shapes: only(overrides.shapes), ranges: only(overrides.ranges), files: only(overrides.files) };
}

/** Null where the baseline has an input of its own whose shape nobody says: it cannot be fed. */
function baselineQuestion(
  { signature }: Model,
  all: Overrides,
): { signature: Model['signature']; overrides: Overrides } | null {
  const overrides = overridesFor(signature, all);
  return shapelessInputs(signature, overrides).length > 0 ? null : { signature, overrides };
}

/**
 * Every cell of a run: what it feeds, whether it can run, and whether it is known already.
 * @throws AyciError `bad-input` where an override contradicts the model
 */
export function makePlan(question: Question, find: Find): Plan {
  const { inputs, overrides, candidate, baseline, target } = question;
  const axes = {
    hardware: inputs.hardware ?? target.hardware,
    optimizers: inputs.optimizers,
    memoriesMb: inputs.memoriesMb,
    batches: inputs.batches,
  };
  const theirs = baseline === null ? null : baselineQuestion(baseline, overrides);
  const cells = configurations(axes).map((config): PlannedCell => {
    const own = resolveInputs(candidate.signature, overrides, config.batch, inputs.batches);
    const before =
      theirs === null ? null : resolveInputs(theirs.signature, theirs.overrides, config.batch, inputs.batches);
    const impossible =
      target.unavailable(candidate.framework, config) ?? impossibleOn(target, config) ?? own.impossible;
    const baselineInputs = before === null || before.impossible !== null ? null : before.inputs;
    // What cannot run has no code whose identity could be asked for.
    const known =
      impossible === null
        ? find({ config, provenance: provenanceOf(question, config, own.inputs, baselineInputs) })
        : null;
    return {
      config,
      threads: threadsOf(config.memoryMb),
      candidateInputs: own.inputs,
      baselineInputs,
      impossible,
      known,
    };
  });
  return { candidate, baseline, cells };
}
