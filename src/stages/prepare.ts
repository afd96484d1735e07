import { type Prices, pricesOf } from '../analysis/prices.ts';
import { findKnown } from '../archive/match.ts';
import { findModel } from '../archive/models.ts';
import { readKnown } from '../archive/records.ts';
import { AyciError } from '../errors.ts';
import { HARNESS, SANDBOXES } from '../measure/protocol.ts';
import { dtypeOfNumpy } from '../plan/fills.ts';
import { makePlan } from '../plan/plan.ts';
import type { Overrides } from '../plan/shapes.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Model } from '../types/model.ts';
import type { Plan } from '../types/plan.ts';
import type { RunPorts } from './ports.ts';

/** All that is known before anything is measured. */
export interface Prepared {
  readonly plan: Plan;
  readonly prices: Prices;
  /** The candidate is its baseline, to the byte: nothing to compare. */
  readonly same: boolean;
  readonly notes: readonly string[];
}

async function baselineOf(inputs: Inputs, ports: RunPorts): Promise<Model | null> {
  const ref = inputs.baseline;
  if (ref === null) return null;
  if (ref.kind !== 'key') return ports.models.baseline(ref, inputs.model);
  const kept = await findModel(ports.store, ports.scope, ref.key);
  if (kept === null) {
    throw new AyciError(
      'bad-input',
      `${ports.placeOf('baseline')}: archive ${ports.store.name} has no model ${ref.key}`,
      {
        hint: 'ayci show MODEL tells what it has.',
      },
    );
  }
  const files = kept.manifest.files.map((file) => ({ ...file, source: kept.sources.get(file.path) ?? '' }));
  return ports.models.kept(files, kept.manifest.entry, ref.key);
}

async function overridesOf(inputs: Inputs, ports: RunPorts): Promise<Overrides> {
  const files: Record<string, Overrides['files'][string]> = Object.create(null);
  for (const [name, path] of Object.entries(inputs.overrides.files)) {
    const { descr, shape, fill } = await ports.models.data(name, path);
    files[name] = { dtype: dtypeOfNumpy(descr), shape, fill };
  }
  return { shapes: inputs.overrides.shapes, ranges: inputs.overrides.ranges, files };
}

/**
 * Reads the models and the archive and plans the cells; measures nothing and writes nothing.
 * @throws AyciError `bad-input` or `model-invalid`
 */
export async function prepare(inputs: Inputs, ports: RunPorts): Promise<Prepared> {
  const prices = pricesOf(inputs.region, ports.placeOf('aws-region'));
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
  const isNew = inputs.baseline?.kind === 'git' && baseline === null;
  const notes = isNew ? [`No baseline: the model is not in ${inputs.baseline.ref}.`] : [];
  return { plan: { ...plan, baseline }, prices, same, notes: [...notes, ...known.notes] };
}
