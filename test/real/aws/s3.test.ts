import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readKnown } from '../../../src/archive/records.ts';
import { resultsWriter } from '../../../src/archive/results.ts';
import { createS3Archive, type S3Options } from '../../../src/archive/s3/index.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import { nullLogger } from '../../../src/log.ts';
import type { ArchiveStore } from '../../../src/ports.ts';
import { sharedCeph } from '../../support/ceph-shared.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { noise } from '../../support/measurements.ts';
import { newBucket } from '../../support/rgw.ts';
import { measurementsOf, type Place, storeOf } from '../../unit/archive/child.ts';
import { expectReadable, runChild } from '../../unit/archive/killed.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

let place: Place & { kind: 's3' };
let store: ArchiveStore;

function archive(over: Partial<S3Options> = {}): ArchiveStore {
  return createS3Archive({
    bucket: place.bucket,
    prefix: 'ayci',
    region: 'us-east-1',
    endpoint: place.endpoint,
    credentials: async () => ({ accessKeyId: place.id, secretAccessKey: place.secret }),
    logger: nullLogger,
    placeOf: (input) => `--${input}`,
    ...over,
  });
}

async function newPlace(): Promise<Place & { kind: 's3' }> {
  const { endpoint, accessKeyId: id, secretAccessKey: secret, ...ceph } = await sharedCeph();
  const bucket = await newBucket({ ...ceph, endpoint, accessKeyId: id, secretAccessKey: secret });
  return { kind: 's3', endpoint, bucket, id, secret };
}

beforeAll(async () => {
  place = await newPlace();
  store = archive();
});

describe('the archive on a real S3', () => {
  it('is ready, again and again', async () => {
    await store.ready('local');
    await store.ready('local');
    expect(await store.has('local/probe')).toBe(true);
  });

  it('writes by compare-and-swap', async () => {
    expect(await store.read('a/b')).toBeNull();
    expect(await store.write('a/b', text('1'), null)).toBe(true);
    expect(await store.write('a/b', text('2'), null)).toBe(false);
    const first = await store.read('a/b');
    expect(await store.write('a/b', text('2'), first?.etag ?? '')).toBe(true);
    expect(await store.write('a/b', text('3'), first?.etag ?? '')).toBe(false);
    expect(await store.write('gone', text('3'), first?.etag ?? '')).toBe(false);
    expect(new TextDecoder().decode((await store.read('a/b'))?.bytes)).toBe('2');
  });

  it('has one winner of many that write at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, at) => store.write('race', text(`${at}`), null)));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
  });

  it('keeps files, in parts where they are large, and brings them back', async () => {
    await using folder = await temporaryFolder();
    const bytes = randomBytes(20 * 1024 * 1024);
    const source = join(folder.path, 'source');
    await writeFile(source, bytes);
    await store.putFile('models/k%.large', source);
    expect(await store.has('models/k%.large')).toBe(true);
    expect(await store.getFile('models/k%.large', join(folder.path, 'target'))).toBe(true);
    expect((await readFile(join(folder.path, 'target'))).equals(bytes)).toBe(true);
    expect(await store.getFile('models/none', join(folder.path, 'none'))).toBe(false);
  });

  it('signs URLs that any client can use, each for one object and one purpose', async () => {
    const put = async (url: string): Promise<number> =>
      (await fetch(url, { method: 'PUT', body: 'by url', headers: { 'content-type': 'application/octet-stream' } }))
        .status;
    expect(await put(await store.writeUrl('local/converted/slot%.n.0'))).toBe(200);
    const got = await fetch(await store.readUrl('local/converted/slot%.n.0'));
    expect(await got.text()).toBe('by url');
    expect(await put(await store.readUrl('local/converted/slot%.n.0'))).toBe(403);
    expect(await put((await store.writeUrl('local/converted/slot%.n.0')).replace('slot', 'plot'))).toBe(403);
    expect((await fetch(await store.readUrl('local/none'))).status).toBe(404);
  });

  it('says what is wrong with a bucket or with credentials', async () => {
    await expect(archive({ bucket: 'ayci-no-such-bucket' }).ready('local')).rejects.toMatchObject({
      code: 'bad-input',
      message: 'archive s3://ayci-no-such-bucket/ayci: there is no bucket ayci-no-such-bucket',
    });
    await expect(archive({ bucket: 'ayci-no-such-bucket' }).read('x')).rejects.toMatchObject({ code: 'bad-input' });
    const forged = archive({ credentials: async () => ({ accessKeyId: place.id, secretAccessKey: 'forged' }) });
    await expect(forged.read('x')).rejects.toThrow('s3:GetObject on ayci/x is not allowed');
    // Ceph does not tell an unknown key from a denied one.
    const unknown = archive({ credentials: async () => ({ accessKeyId: 'AKIDNOBODY', secretAccessKey: 'x' }) });
    await expect(unknown.ready('local')).rejects.toMatchObject({
      code: 'bad-input',
      message: `archive s3://${place.bucket}/ayci: s3:PutObject on ayci/local/probe is not allowed`,
    });
  });
});

describe('runs that write the same results', () => {
  it('sixteen processes at once lose none', async () => {
    await using folder = await temporaryFolder();
    const own = await newPlace();
    const ended = await Promise.all(
      Array.from({ length: 16 }, async (_, at) => {
        const scratch = await mkdtemp(join(folder.path, 'scratch-'));
        return runChild({ place: own, run: `run-${at}`, scratch, what: 'results', die: null });
      }),
    );
    expect(ended.map(({ code }) => code)).toEqual(ended.map(() => 0));
    const key = measurementsOf('')[0]?.candidateKey ?? '';
    const { measurements } = await readKnown(storeOf(own), LOCAL_SCOPE, key);
    expect(measurements).toHaveLength(48);
    expect(new Set(measurements.map(({ run, config }) => `${run} ${config.batch}`)).size).toBe(48);
  });

  it('sixteen writers of one process lose none', async () => {
    const own = storeOf(await newPlace());
    const key = measurementsOf('')[0]?.candidateKey ?? '';
    await Promise.all(
      Array.from({ length: 16 }, async (_, at) => {
        const writer = resultsWriter(own, LOCAL_SCOPE, key);
        for (const one of measurementsOf(`run-${at}`)) writer.add([one]);
        await writer.close();
      }),
    );
    expect((await readKnown(own, LOCAL_SCOPE, key)).measurements).toHaveLength(48);
  });

  it('killed after any of their writes leave a readable archive, and the next one completes it', async () => {
    await using folder = await temporaryFolder();
    const scratch = await mkdtemp(join(folder.path, 'scratch-'));
    let ended = 0;
    for (let at = 1; ended === 0; at += 1) {
      const own = await newPlace();
      const first = await runChild({ place: own, run: 'first', scratch, what: 'all', die: { at, when: 'after' } });
      await expectReadable(own, 'first', first, scratch);
      if (first.signal === null) ended = at;
      const second = await runChild({ place: own, run: 'second', scratch, what: 'all', die: null });
      expect(second).toMatchObject({ code: 0, said: ['1', '2', '3', 'done'] });
      await expectReadable(own, 'second', second, scratch);
    }
    expect(ended).toBe(10);
  });

  it('killed at any time leave a readable archive', async () => {
    await using folder = await temporaryFolder();
    const scratch = await mkdtemp(join(folder.path, 'scratch-'));
    const normal = noise(7);
    const own = await newPlace();
    for (let at = 0; at < 8; at += 1) {
      const run = `run-${at}`;
      const ended = await runChild({ place: own, run, scratch, what: 'all', die: null }, 80 * Math.abs(normal()));
      await expectReadable(own, run, ended, scratch);
    }
  });
});
