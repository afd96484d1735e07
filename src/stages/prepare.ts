import { join } from 'node:path';
import { type Prices, pricesOf } from '../analysis/prices.ts';
import { readHistory } from '../archive/history.ts';
import { findKnown } from '../archive/match.ts';
import { fetchModel, findModel } from '../archive/models.ts';
import { readKnown } from '../archive/records.ts';
import { AyciError } from '../errors.ts';
import { HARNESS, SANDBOXES } from '../measure/protocol.ts';
import { dtypeOfNumpy } from '../plan/fills.ts';
import { makePlan } from '../plan/plan.ts';
import type { Overrides } from '../plan/shapes.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Model, ModelKey } from '../types/model.ts';
import type { Plan } from '../types/plan.ts';
import { historyPath } from './history.ts';
import type { RunPorts } from './ports.ts';

/** All that is known before anything is measured. */
export interface Prepared {
  readonly plan: Plan;
  readonly prices: Prices;
  /** The candidate is its baseline, to the byte: nothing to compare. */
  readonly same: boolean;
  readonly notes: readonly string[];
}

/** The newest model of a branch that its history accepted; null: it has none yet. */
async function newestOf(branch: string, inputs: Inputs, ports: RunPorts): Promise<ModelKey | null> {
  const { entries } = await readHistory(ports.store, ports.scope, branch, historyPath(inputs.model));
  return entries.findLast((entry) => entry.accepted)?.key ?? null;
}

async function baselineOf(inputs: Inputs, ports: RunPorts): Promise<Model | null> {
  const ref = inputs.baseline;
  if (ref === null) return null;
  if (ref.kind === 'path' || ref.kind === 'git') return ports.models.baseline(ref, inputs.model);
  const key = ref.kind === 'key' ? ref.key : await newestOf(ref.branch, inputs, ports);
  if (key === null) return null;
  const kept = await findModel(ports.store, ports.scope, key);
  if (kept === null) {
    throw new AyciError('bad-input', `${ports.placeOf('baseline')}: archive ${ports.store.name} has no model ${key}`, {
      hint: 'ayci show MODEL tells what it has.',
    });
  }
  const files = await fetchModel(ports.store, kept, join(ports.scratch, 'baseline'));
  return ports.models.kept(files, kept.manifest.entry, key);
}

async function overridesOf(inputs: Inputs, ports: RunPorts): Promise<Overrides> {
  const files: Record<string, Overrides['files'][string]> = Object.create(null);
  for (const [name, path] of Object.entries(inputs.overrides.files)) {
    const { descr, shape, fill } = await ports.models.data(name, path);
    files[name] = { dtype: dtypeOfNumpy(descr), shape, fill };
  }
  return { shapes: inputs.overrides.shapes, ranges: inputs.overrides.ranges, files };
}

function missingBaseline({ baseline }: Inputs): readonly string[] {
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
  const candidate = await ports.models.candidate(inputs.model);
  const overrides = await overridesOf(inputs, ports);
  const baseline = await baselineOf(inputs, ports);
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
  const notes = baseline === null ? missingBaseline(inputs) : [];
  return { plan: { ...plan, baseline }, prices, same, notes: [...notes, ...known.notes] };
}
