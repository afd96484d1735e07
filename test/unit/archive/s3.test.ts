import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { decodeResults, encodeResults } from '../../../src/archive/codec.ts';
import { layout } from '../../../src/archive/keys.ts';
import { LARGEST_OBJECT } from '../../../src/archive/limits.ts';
import { keepResults, readKnown } from '../../../src/archive/records.ts';
import { createS3Archive, type S3Options } from '../../../src/archive/s3/index.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import { nullLogger } from '../../../src/log.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { measurement } from '../../support/measurements.ts';
import { type DoubleOptions, type Fault, inOrder, type S3Double, startS3Double } from './s3-double.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret', sessionToken: 'token' };

function archiveOn(endpoint: string, over: Partial<S3Options> = {}) {
  return createS3Archive({
    bucket: 'bucket',
    prefix: 'ayci',
    region: 'eu-central-1',
    endpoint,
    credentials: async () => CREDENTIALS,
    logger: nullLogger,
    placeOf: (input) => `--${input}`,
    ...over,
  });
}

async function withDouble(options: DoubleOptions, work: (double: S3Double) => Promise<void>): Promise<void> {
  await using double = await startS3Double(options);
  await work(double);
}

const isPut = ({ method }: { method: string }): boolean => method === 'PUT';

describe('compare-and-swap on S3', () => {
  it.each([
    ['as AWS compares tags', { ifMatch: 'quoted', quotes: true }],
    ['as Ceph compares tags', { ifMatch: 'bare', quotes: true }],
    ['where tags come without quotes', { ifMatch: 'quoted', quotes: false }],
  ] as const)('%s', async (_name, options) => {
    await withDouble(options, async (double) => {
      const store = archiveOn(double.endpoint);
      expect(await store.read('a/b')).toBeNull();
      expect(await store.write('a/b', text('1'), null)).toBe(true);
      expect(await store.write('a/b', text('2'), null)).toBe(false);
      const first = await store.read('a/b');
      expect(await store.write('a/b', text('2'), first?.etag ?? '')).toBe(true);
      expect(await store.write('a/b', text('3'), first?.etag ?? '')).toBe(false);
      expect(await store.write('gone', text('3'), first?.etag ?? '')).toBe(false);
      expect(double.objects.get('/bucket/ayci/a/b')?.toString()).toBe('2');
    });
  });

  it('tries a 409 again, and gives up after some', async () => {
    const conflict: Fault = { status: 409, code: 'ConditionalRequestConflict' };
    await withDouble({ fault: inOrder([conflict, conflict]) }, async (double) => {
      expect(await archiveOn(double.endpoint).write('x', text('1'), null)).toBe(true);
      expect(double.seen.map((seen) => seen.method)).toEqual(['PUT', 'PUT', 'PUT']);
    });
    await withDouble({ fault: (seen) => (isPut(seen) ? conflict : null) }, async (double) => {
      expect(await archiveOn(double.endpoint).write('x', text('1'), null)).toBe(false);
      expect(double.seen.filter(isPut)).toHaveLength(6);
    });
  });

  it('takes its own write whose answer was lost as done', async () => {
    await withDouble({ fault: inOrder([{ reset: 'after' }], isPut) }, async (double) => {
      expect(await archiveOn(double.endpoint).write('x', text('1'), null)).toBe(true);
      expect(double.seen.map((seen) => seen.method)).toEqual(['PUT', 'PUT', 'GET']);
    });
  });

  it('counts a measurement once where its answer was lost and another run wrote on top', async () => {
    const [mine, other] = [measurement([0.1], { run: 'mine' }), measurement([0.2], { run: 'other' })];
    const path = `/bucket/ayci/${layout('local').results(mine.candidateKey)}`;
    const onTop = (): void => {
      const before = decodeResults(gunzipSync(double.objects.get(path) ?? ''));
      if (!before.ok) throw new Error(before.problem);
      double.put(path, gzipSync(encodeResults([...before.measurements, other])));
    };
    await using double = await startS3Double({ fault: inOrder([{ reset: 'after', meanwhile: onTop }], isPut) });
    const store = archiveOn(double.endpoint);
    await keepResults(store, LOCAL_SCOPE, mine.candidateKey, [mine]);
    const known = await readKnown(store, LOCAL_SCOPE, mine.candidateKey);
    expect(known.measurements.map((one) => one.run)).toEqual(['mine', 'other']);
  });

  it('quotes the tag for AWS, and asks once', async () => {
    await using double = await startS3Double();
    // The SDK honours the variable by itself, and without an endpoint of ours the server counts as AWS.
    vi.stubEnv('AWS_ENDPOINT_URL_S3', double.endpoint);
    try {
      const store = archiveOn(double.endpoint, { endpoint: null });
      await store.write('x', text('1'), null);
      const tag = (await store.read('x'))?.etag ?? '';
      expect(await store.write('x', text('2'), tag)).toBe(true);
      expect(await store.write('x', text('3'), tag)).toBe(false);
      const sent = double.seen.filter(isPut).map((seen) => seen.headers['if-match']);
      expect(sent).toEqual([undefined, `"${tag}"`, `"${tag}"`]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('what S3 sends', () => {
  it('is asked for again where it breaks off', async () => {
    await withDouble({ fault: inOrder([{ cut: 3 }, { cut: 0 }]) }, async (double) => {
      double.put('/bucket/ayci/x', text('whole'));
      expect(new TextDecoder().decode((await archiveOn(double.endpoint).read('x'))?.bytes)).toBe('whole');
      expect(double.seen).toHaveLength(3);
    });
  });

  it('is an error where it always breaks off, and leaves no file', async () => {
    await using folder = await temporaryFolder();
    await withDouble({ fault: ({ method }) => (method === 'GET' ? { cut: 3 } : null) }, async (double) => {
      double.put('/bucket/ayci/x', text('whole'));
      const store = archiveOn(double.endpoint);
      await expect(store.read('x')).rejects.toMatchObject({ code: 'archive' });
      await expect(store.getFile('x', join(folder.path, 'x'))).rejects.toMatchObject({ code: 'archive' });
      expect(await readdir(folder.path)).toEqual([]);
    });
  });

  it('is never read where it is larger than any object', async () => {
    const one = measurement([0]);
    await withDouble({}, async (double) => {
      const path = `/bucket/ayci/${layout('local').results(one.candidateKey)}`;
      double.put(path, Buffer.alloc(100 * 1024 * 1024));
      const store = archiveOn(double.endpoint);
      const known = await readKnown(store, LOCAL_SCOPE, one.candidateKey);
      expect(known).toMatchObject({ measurements: [], notes: [expect.stringContaining('it has 104857600 bytes')] });
      await keepResults(store, LOCAL_SCOPE, one.candidateKey, [one]);
      expect((await readKnown(store, LOCAL_SCOPE, one.candidateKey)).measurements).toHaveLength(1);
      expect(double.objects.get(path)).toHaveLength(100 * 1024 * 1024);
    });
  });

  it('is cut off where its length was not told', async () => {
    let sent = 0;
    const endless = createServer((_request, response) => {
      response.writeHead(200, { etag: '"x"' });
      const block = Buffer.alloc(1024 * 1024);
      const more = (): void => {
        while (response.writable && !response.destroyed) {
          sent += block.length;
          if (!response.write(block)) return;
        }
      };
      response.on('drain', more);
      more();
    });
    endless.listen(0, '127.0.0.1');
    await once(endless, 'listening');
    try {
      const store = archiveOn(`http://127.0.0.1:${(endless.address() as AddressInfo).port}`);
      await expect(store.read('x')).rejects.toThrow(/has \d+ bytes; expected at most/);
      expect(sent).toBeGreaterThan(LARGEST_OBJECT);
      expect(sent).toBeLessThan(2 * LARGEST_OBJECT);
    } finally {
      endless.closeAllConnections();
      endless.close();
    }
  });
});

describe('a failure of S3', () => {
  const slow: Fault = { status: 503, code: 'SlowDown' };
  it('that passes is outlasted', async () => {
    await withDouble({ fault: inOrder([slow, { reset: 'before' }]) }, async (double) => {
      expect(await archiveOn(double.endpoint).has('x')).toBe(false);
      expect(double.seen).toHaveLength(3);
    });
  });

  it('of the clock alone is mended by the SDK', async () => {
    await withDouble({ clockAheadMs: 3_600_000 }, async (double) => {
      expect(await archiveOn(double.endpoint).write('x', text('1'), null)).toBe(true);
    });
  });

  it.each([
    [slow, 'archive', 'S3 is busy (SlowDown)'],
    [{ status: 500, code: 'InternalError' }, 'archive', 'S3 is busy (InternalError)'],
    [{ status: 404, code: 'NoSuchBucket' }, 'bad-input', 'there is no bucket bucket'],
    [{ status: 403, code: 'AccessDenied' }, 'bad-input', 's3:PutObject on ayci/local/probe is not allowed'],
    [{ status: 403, code: 'ExpiredToken' }, 'archive', 'the credentials have expired'],
    [{ status: 400, code: 'ExpiredToken' }, 'archive', 'the credentials have expired'],
    [{ status: 403, code: 'InvalidAccessKeyId' }, 'archive', 'the credentials are not accepted (InvalidAccessKeyId)'],
    [{ status: 403, code: 'RequestTimeTooSkewed' }, 'archive', "this machine's clock is more than 15 minutes off"],
    [{ status: 501, code: 'NotImplemented' }, 'archive', 'the server has no conditional writes'],
    [{ status: 400, code: 'Odd' }, 'archive', 's3:PutObject on ayci/local/probe failed (Odd)'],
    [
      { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'us-west-2' } },
      'bad-input',
      'the bucket is in us-west-2, got eu-central-1',
    ],
    [
      { status: 400, code: 'AuthorizationHeaderMalformed', xml: '<Region>us-west-2</Region>' },
      'bad-input',
      'the bucket is in us-west-2, got eu-central-1',
    ],
    [{ status: 301, code: 'PermanentRedirect' }, 'bad-input', 'the bucket is in another region, got eu-central-1'],
  ] satisfies [Fault, string, string][])('%j says what is wrong and what to do', async (fault, code, message) => {
    await withDouble({ fault: () => fault }, async (double) => {
      await expect(archiveOn(double.endpoint).ready('local')).rejects.toMatchObject({
        code,
        message: `archive s3://bucket/ayci: ${message}`,
        hint: expect.stringMatching(/^[A-Z].*\.$/),
      });
    });
  });

  it('of the connection names the endpoint', async () => {
    const double = await startS3Double();
    await double[Symbol.asyncDispose]();
    await expect(archiveOn(double.endpoint).ready('local')).rejects.toMatchObject({
      code: 'archive',
      message: `archive s3://bucket/ayci: ${double.endpoint} cannot be reached (ECONNREFUSED)`,
    });
  });

  it('of a HEAD, which has no body, still tells the region', async () => {
    const headers = { 'x-amz-bucket-region': 'us-west-2' };
    await withDouble({ fault: () => ({ status: 400, code: '', headers }) }, async (double) => {
      await expect(archiveOn(double.endpoint).has('x')).rejects.toThrow('the bucket is in us-west-2, got eu-central-1');
    });
  });

  it('to find credentials says where they come from', async () => {
    await using folder = await temporaryFolder();
    const none = { HOME: folder.path, AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '', AWS_PROFILE: '' };
    for (const [name, value] of Object.entries(none)) vi.stubEnv(name, value);
    for (const name of Object.keys(process.env))
      if (/^AWS_(ACCESS|SECRET|SESSION|WEB|CONTAINER)/.test(name)) vi.stubEnv(name, undefined);
    try {
      const logger = nullLogger;
      const placeOf = (input: string): string => `--${input}`;
      const where = { bucket: 'bucket', prefix: 'ayci', region: 'eu-central-1', endpoint: 'http://127.0.0.1:9' };
      await expect(createS3Archive({ ...where, logger, placeOf }).read('x')).rejects.toMatchObject({
        code: 'archive',
        message: 'archive s3://bucket/ayci: there are no AWS credentials',
        hint: 'Give --role-to-assume, or credentials in the environment.',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each(['127.0.0.1:9000', 'ftp://127.0.0.1', 'nonsense'])('of the endpoint %j is an input’s', async (endpoint) => {
    await expect(archiveOn(endpoint).read('x')).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('in a write after measuring is not the input’s', async () => {
    await withDouble({ fault: () => ({ status: 403, code: 'AccessDenied' }) }, async (double) => {
      await expect(archiveOn(double.endpoint).write('x', text('1'), null)).rejects.toMatchObject({ code: 'archive' });
    });
  });
});

describe('a probe', () => {
  it('writes one constant object, however often', async () => {
    await withDouble({}, async (double) => {
      await archiveOn(double.endpoint).ready('o/r/pr');
      await archiveOn(double.endpoint).ready('o/r/pr');
      expect([...double.objects.keys()]).toEqual(['/bucket/ayci/o/r/pr/probe']);
    });
  });

  it('refuses a server that knows no conditions', async () => {
    await withDouble({ conditions: false }, async (double) => {
      await expect(archiveOn(double.endpoint).ready('local')).rejects.toThrow('does not heed If-None-Match');
    });
  });
});

describe('files', () => {
  it('are uploaded in parts with progress, once, and come back', async () => {
    await using folder = await temporaryFolder();
    await using double = await startS3Double();
    const source = join(folder.path, 'source');
    const bytes = Buffer.alloc(20 * 1024 * 1024, 'ayci');
    await writeFile(source, bytes);
    const lines: string[] = [];
    const store = archiveOn(double.endpoint, { logger: { ...nullLogger, progress: (line) => void lines.push(line) } });
    await store.putFile('models/k/model.onnx', source);
    const requests = double.seen.length;
    await store.putFile('models/k/model.onnx', source);
    expect(double.seen.slice(requests).map((seen) => seen.method)).toEqual(['HEAD']);
    expect(double.seen.filter((seen) => seen.query.has('partNumber'))).toHaveLength(3);
    expect(lines[0]).toMatch(/^Uploading model\.onnx: \d+ of 20 MB$/);
    expect(double.uploads.size).toBe(0);
    expect(await store.getFile('models/k/model.onnx', join(folder.path, 'sub', 'target'))).toBe(true);
    expect((await readFile(join(folder.path, 'sub', 'target'))).equals(bytes)).toBe(true);
    expect(await store.getFile('models/none', join(folder.path, 'none'))).toBe(false);
    expect(await readdir(folder.path)).toEqual(['source', 'sub']);
  });

  it('whose upload fails leave no parts', async () => {
    await using folder = await temporaryFolder();
    await using double = await startS3Double({
      fault: (seen) => (seen.query.get('partNumber') === '2' ? { status: 403, code: 'AccessDenied' } : null),
    });
    const source = join(folder.path, 'source');
    await writeFile(source, Buffer.alloc(20 * 1024 * 1024));
    await expect(archiveOn(double.endpoint).putFile('x', source)).rejects.toThrow(
      's3:PutObject on ayci/x is not allowed',
    );
    expect(double.uploads.size).toBe(0);
    expect(double.objects.size).toBe(0);
  });

  it('that are empty or small take one request', async () => {
    await using folder = await temporaryFolder();
    await using double = await startS3Double();
    await mkdir(join(folder.path, 'd'));
    for (const [name, content] of Object.entries({ empty: '', small: 'x' })) {
      await writeFile(join(folder.path, name), content);
      await archiveOn(double.endpoint).putFile(name, join(folder.path, name));
      expect(double.objects.get(`/bucket/ayci/${name}`)?.toString()).toBe(content);
    }
    expect(double.seen.map((seen) => seen.method)).toEqual(['HEAD', 'PUT', 'HEAD', 'PUT']);
  });
});

describe('URLs', () => {
  const expiring = (seconds: number) => async () => ({
    ...CREDENTIALS,
    expiration: new Date(Date.now() + seconds * 1000),
  });

  it('sign nothing but the host, and carry no checksum', async () => {
    const store = archiveOn('http://127.0.0.1:9');
    for (const url of [await store.readUrl('a/x%.y'), await store.writeUrl('a/x%.y')]) {
      const { pathname, searchParams } = new URL(url);
      expect(pathname).toBe('/bucket/ayci/a/x%25.y');
      expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
      expect(searchParams.get('X-Amz-Expires')).toBe('3600');
      expect([...searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
    }
  });

  it.each([
    [7200, 3600, 3600],
    [1800, 1795, 1800],
    [60, 55, 60],
  ])('live no longer than credentials of %i seconds', async (seconds, low, high) => {
    const store = archiveOn('http://127.0.0.1:9', { credentials: expiring(seconds) });
    const life = Number(new URL(await store.readUrl('x')).searchParams.get('X-Amz-Expires'));
    expect(life).toBeGreaterThanOrEqual(low);
    expect(life).toBeLessThanOrEqual(high);
  });

  it('are not made with credentials that have expired', async () => {
    const store = archiveOn('http://127.0.0.1:9', { credentials: expiring(-1) });
    await expect(store.writeUrl('x')).rejects.toThrow('the credentials have expired');
  });

  it('and requests use the credentials of the moment', async () => {
    await using double = await startS3Double();
    let turn = 0;
    const store = archiveOn(double.endpoint, {
      credentials: async () => {
        turn += 1;
        return { ...CREDENTIALS, accessKeyId: `AKID${turn}`, expiration: new Date(Date.now() + 3_600_000) };
      },
    });
    await store.has('x');
    await store.has('x');
    const keys = double.seen.map((seen) => /Credential=(\w+)\//.exec(String(seen.headers.authorization))?.[1]);
    expect(new Set(keys).size).toBe(2);
    expect(await store.readUrl('x')).toMatch(/X-Amz-Credential=AKID[3-9]/);
  });
});

describe('keys', () => {
  it.each(['../x', 'a/../b', '/x', 'a//b', '.', 'a/b c', '', 'a/b?x'])(
    '%j is refused without a request',
    async (bad) => {
      await using double = await startS3Double();
      const store = archiveOn(double.endpoint);
      await expect(store.read(bad)).rejects.toThrow('is not an object key');
      await expect(store.writeUrl(bad)).rejects.toThrow('is not an object key');
      expect(double.seen).toEqual([]);
    },
  );
});
