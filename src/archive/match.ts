import type { Configuration } from '../types/config.ts';
import type { Measurement, Provenance } from '../types/measurement.ts';
import type { ModelKey } from '../types/model.ts';

/** What a measurement would be of. */
export interface Wanted {
  readonly config: Configuration;
  readonly candidateKey: ModelKey;
  readonly baselineKey: ModelKey | null;
  readonly provenance: Provenance;
  /** Sandboxes of one subject, for gates on memory and cold start: at least so many of both together. */
  readonly firstRequests: number;
}

function identity(wanted: Omit<Wanted, 'firstRequests'>): string {
  const { config: c, provenance: p } = wanted;
  return JSON.stringify([
    [c.hardware, c.optimizer, c.memoryMb, c.batch],
    [wanted.candidateKey, wanted.baselineKey],
    [
      p.target,
      p.runtimeDigest,
      p.harness,
      p.cpu,
      p.image,
      p.region,
      p.limits,
      p.seed,
      p.candidateInputs,
      p.baselineInputs,
    ],
  ]);
}

/** Failures that the same model meets again under the same provenance; others are tried anew. */
const LASTING = new Set(['out-of-memory', 'conversion-failed', 'invalid-model', 'invalid-input', 'inference-failed']);

function stands(measurement: Measurement, firstRequests: number): boolean {
  const alone = measurement.sandboxes.filter((sandbox) => sandbox.pair === null).length;
  if (measurement.candidateFailure === null && alone < firstRequests) return false;
  const failures = [measurement.candidateFailure, measurement.baselineFailure];
  return failures.every((failure) => failure === null || LASTING.has(failure.code));
}

/** The newest record that stands for a new measurement, or null. */
export function findKnown(measurements: readonly Measurement[], wanted: Wanted): Measurement | null {
  const same = identity(wanted);
  let newest: Measurement | null = null;
  for (const measurement of measurements) {
    if (identity(measurement) !== same || !stands(measurement, wanted.firstRequests)) continue;
    if (newest === null || measurement.measuredAt > newest.measuredAt) newest = measurement;
  }
  return newest;
}
