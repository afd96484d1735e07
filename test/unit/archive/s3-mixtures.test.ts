import { expect, it } from 'vitest';
import { keepResults, readKnown } from '../../../src/archive/records.ts';
import { createS3Archive } from '../../../src/archive/s3/index.ts';
import { AyciError } from '../../../src/errors.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import { nullLogger } from '../../../src/log.ts';
import { noise } from '../../support/measurements.ts';
import { measurementsOf } from './child.ts';
import { type DoubleOptions, type Fault, startS3Double } from './s3-double.ts';

const FAULTS: readonly Fault[] = [
  { status: 409, code: 'ConditionalRequestConflict' },
  { status: 412, code: 'PreconditionFailed' },
  { status: 503, code: 'SlowDown' },
  { status: 500, code: 'InternalError' },
  { status: 403, code: 'AccessDenied' },
  { reset: 'before' },
  { reset: 'after' },
  { cut: 10 },
];
const MIXTURES = 60;
const RUNS = ['a', 'b', 'c'];

/** A number in [0, 1) from a normal one. */
const share = (normal: number): number => Math.abs(normal * 1000) % 1;

it('no mixture of faults loses a measurement that was said to be kept, or counts one twice', async () => {
  let failures = 0;
  let faults = 0;
  for (let seed = 1; seed <= MIXTURES; seed += 1) {
    const normal = noise(seed);
    let active = true;
    const fault: DoubleOptions['fault'] = () => {
      if (!active || share(normal()) > 0.2) return null;
      faults += 1;
      return FAULTS[Math.floor(share(normal()) * FAULTS.length)] ?? null;
    };
    await using double = await startS3Double({
      ifMatch: seed % 2 === 0 ? 'quoted' : 'bare',
      quotes: seed % 3 > 0,
      fault,
    });
    const store = createS3Archive({
      ...{ bucket: 'bucket', prefix: 'ayci', region: 'us-east-1', endpoint: double.endpoint, logger: nullLogger },
      credentials: async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }),
      placeOf: (input) => input,
    });
    const kept: string[] = [];
    const key = measurementsOf('')[0]?.candidateKey ?? '';
    await Promise.all(
      RUNS.map(async (run) => {
        for (const one of measurementsOf(run)) {
          try {
            await keepResults(store, LOCAL_SCOPE, key, [one]);
            kept.push(`${run}${one.config.batch}`);
          } catch (thrown) {
            expect(thrown, `seed ${seed}`).toBeInstanceOf(AyciError);
            failures += 1;
          }
        }
      }),
    );
    active = false;
    const { measurements, notes } = await readKnown(store, LOCAL_SCOPE, key);
    const found = measurements.map(({ run, config }) => `${run}${config.batch}`);
    expect(notes, `seed ${seed}`).toEqual([]);
    expect(found, `seed ${seed}`).toHaveLength(new Set(found).size);
    expect(found, `seed ${seed}`).toEqual(expect.arrayContaining(kept));
  }
  // It did go wrong, and did not only go wrong.
  expect(faults).toBeGreaterThan(MIXTURES);
  expect(failures).toBeGreaterThan(0);
  expect(failures).toBeLessThan((MIXTURES * RUNS.length * 3) / 2);
});
