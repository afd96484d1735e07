import { join } from 'node:path';
import { type Prices, pricesOf } from '../analysis/prices.ts';
import { readHistory, standings } from '../archive/history.ts';
import { findKnown } from '../archive/match.ts';
import { fetchModel, findModel } from '../archive/models.ts';
import { readKnown } from '../archive/records.ts';
import { AyciError, asAyciError, explain } from '../errors.ts';
import { HARNESS, SANDBOXES } from '../measure/protocol.ts';
import { dtypeOfNumpy } from '../plan/fills.ts';
import { makePlan } from '../plan/plan.ts';
import type { Overrides } from '../plan/shapes.ts';
import type { BaselineRef, Inputs } from '../types/inputs.ts';
import type { Model, ModelKey } from '../types/model.ts';
import type { Plan } from '../types/plan.ts';
import type { BaselineFacts } from '../types/report.ts';
import { historyPath } from './history.ts';
import type { RunPorts } from './ports.ts';

/** All that is known before anything is measured. */
export interface Prepared {
  readonly plan: Plan;
  readonly prices: Prices;
  /** The candidate is its baseline, to the byte: nothing to compare. */
  readonly same: boolean;
  /** The baseline as it was asked for or found; null: none. */
  readonly ref: BaselineRef | null;
  readonly baseline: BaselineFacts | null;
  readonly notes: readonly string[];
}

/** The newest model of a branch that its history accepted; null: it has none yet. */
async function newestOf(branch: string, inputs: Inputs, ports: RunPorts): Promise<ModelKey | null> {
  const { entries } = await readHistory(ports.store, ports.scope, branch, historyPath(inputs.model));
  const standing = standings(entries);
  return entries.findLast((_, index) => standing[index])?.key ?? null;
}

async function loadBaseline(ref: BaselineRef, inputs: Inputs, ports: RunPorts): Promise<Model | null> {
  if (ref.kind === 'path' || ref.kind === 'git') return ports.models.baseline(ref, inputs.model, inputs.signature);
  const key = ref.kind === 'key' ? ref.key : await newestOf(ref.branch, inputs, ports);
  if (key === null) return null;
  const kept = await findModel(ports.store, ports.scope, key);
  if (kept === null) {
    throw new AyciError('bad-input', `${ports.placeOf('baseline')}: archive ${ports.store.name} has no model ${key}`, {
      hint: 'ayci show MODEL tells what it has.',
    });
  }
  const files = await fetchModel(ports.store, kept, join(ports.scratch, 'baseline', key));
  const model = await ports.models.kept(files, kept.manifest.entry, key);
  return ref.kind === 'archive' ? { ...model, path: `archive:${ref.branch}` } : model;
}

/** What a model is compared with: what was asked for, else what the workflow's event says. */
interface Compared {
  readonly model: Model | null;
  readonly ref: BaselineRef | null;
  readonly facts: BaselineFacts | null;
  readonly notes: readonly string[];
}

/** A baseline that nobody asked for and that cannot be had is no error of the user's: the run measures without one. */
async function tryBaseline(
  ref: BaselineRef,
  note: string | null,
  inputs: Inputs,
  ports: RunPorts,
): Promise<{ readonly model: Model | null; readonly note: string | null }> {
  try {
    return { model: await loadBaseline(ref, inputs, ports), note };
  } catch (thrown) {
    const error = asAyciError(thrown);
    if (error.code === 'interrupted' || error.code === 'internal') throw error;
    return { model: null, note: `No baseline, measured only: ${explain(error)}` };
  }
}

async function comparedWith(inputs: Inputs, ports: RunPorts): Promise<Compared> {
  const asked = inputs.baseline;
  if (asked !== null) {
    const model = await loadBaseline(asked, inputs, ports);
    const facts = { commit: null, from: 'given', note: null } as const;
    return { model, ref: asked, facts, notes: model === null ? missingBaseline(asked) : [] };
  }
  if (ports.ownBaseline === null) return { model: null, ref: null, facts: null, notes: [] };
  const own = await ports.ownBaseline(inputs.model);
  const { ref, commit, from } = own;
  const { model, note } =
    ref === null ? { model: null, note: own.note } : await tryBaseline(ref, own.note, inputs, ports);
  const standing = model === null ? null : own.standing(model.key);
  const notes = [note, standing, ...(ref !== null && model === null ? missingBaseline(ref) : [])];
  return { model, ref, facts: { commit, from, note }, notes: notes.filter((one) => one !== null) };
}

async function overridesOf(inputs: Inputs, ports: RunPorts): Promise<Overrides> {
  const files: Record<string, Overrides['files'][string]> = Object.create(null);
  for (const [name, path] of Object.entries(inputs.overrides.files)) {
    const { descr, shape, fill } = await ports.models.data(name, path);
    files[name] = { dtype: dtypeOfNumpy(descr), shape, fill };
  }
  return { shapes: inputs.overrides.shapes, ranges: inputs.overrides.ranges, files };
}

function missingBaseline(baseline: BaselineRef): readonly string[] {
  if (baseline?.kind === 'git') return [`No baseline: the model is not in ${baseline.ref}.`];
  if (baseline?.kind === 'archive')
    return [`No baseline: the archive knows no accepted model of ${baseline.branch} yet.`];
  return [];
}

/**
 * Reads the models and the archive and plans the cells; measures nothing and writes nothing.
 * @throws AyciError `bad-input` or `model-invalid`
 */
export async function prepare(inputs: Inputs, ports: RunPorts): Promise<Prepared> {
  const prices = pricesOf(ports.region, ports.placeOf('aws-region'));
  const candidate = await ports.models.candidate(inputs.model, inputs.signature);
  const overrides = await overridesOf(inputs, ports);
  const { model: baseline, ref, facts, notes } = await comparedWith(inputs, ports);
  if (baseline !== null && baseline.framework !== candidate.framework) {
    throw new AyciError(
      'bad-input',
      `${ports.placeOf('baseline')}: is a model of another framework, got ${baseline.framework}; expected ${candidate.framework}, as the candidate`,
      { hint: 'Compare models of one framework.' },
    );
  }
  const same = baseline !== null && baseline.key === candidate.key;
  const known = await readKnown(ports.store, ports.scope, candidate.key);
  const compared = same ? null : baseline;
  const gatesFirst = inputs.thresholds.memory !== null || inputs.thresholds.coldStart !== null;
  const plan = makePlan(
    { inputs, overrides, candidate, baseline: compared, target: ports.target.facts, harness: HARNESS },
    ({ config, provenance }) =>
      findKnown(known.measurements, {
        config,
        candidateKey: candidate.key,
        baselineKey: compared?.key ?? null,
        provenance,
        firstRequests: gatesFirst && compared !== null ? 2 * SANDBOXES : 0,
      }),
  );
  return { plan: { ...plan, baseline }, prices, same, ref, baseline: facts, notes: [...notes, ...known.notes] };
}
