import { randomUUID } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CredentialsProvider, type OidcOptions, oidcCredentials } from '../../../src/credentials/index.ts';
import { AyciError } from '../../../src/errors.ts';
import type { Clock } from '../../../src/ports.ts';
import type { CephFacts } from '../../support/ceph.ts';
import { newRole, trustIssuer } from '../../support/ceph-iam.ts';
import { sharedCeph } from '../../support/ceph-shared.ts';
import type { Run } from '../../support/github-claims.ts';
import { type OidcIssuer, startOidcIssuer, type TokenOptions } from '../../support/oidc-issuer.ts';
import { newBucket, s3Of } from '../../support/rgw.ts';

const repository = { owner: 'octo-org', ownerId: '11', name: 'detector', id: '22' };
const OWN: Run = { repository, event: 'pull_request' };
const systemClock: Clock = { now: () => performance.now(), date: () => new Date() };

let ceph: CephFacts;
let issuer: OidcIssuer;
let bucket: string;
let role: string;

beforeAll(async () => {
  [ceph, issuer] = await Promise.all([sharedCeph(), startOidcIssuer()]);
  bucket = await newBucket(ceph);
  const trust = {
    Effect: 'Allow',
    Principal: { Federated: await trustIssuer(ceph, issuer) },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: {
        [`${issuer.host}:aud`]: 'sts.amazonaws.com',
        [`${issuer.host}:sub`]: 'repo:octo-org/detector:pull_request',
      },
    },
  };
  const write = { Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject'], Resource: `arn:aws:s3:::${bucket}/pr/*` };
  const policy = (statement: unknown) => ({ Version: '2012-10-17', Statement: [statement] });
  role = await newRole(ceph, policy(trust), policy(write));
});

afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

/** A run's credentials, asked for as the action does. */
function credentialsOf(run: Run, token: TokenOptions = {}, changed: Partial<OidcOptions> = {}): CredentialsProvider {
  return oidcCredentials({
    ...{ roleArn: role, place: 'role-to-assume', region: ceph.region, endpoint: ceph.endpoint, origin: 'repository' },
    sessionName: 'octo-org=detector@19000000001.1',
    idToken: (audience) => issuer.token(run, { audience, ...token }),
    clock: systemClock,
    ...changed,
  });
}

async function write(s3: S3Client, key: string): Promise<string> {
  return s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: key })).then(
    () => 'written',
    (error: Error) => error.name,
  );
}

describe('the token of a run that the role trusts', () => {
  it('gets credentials that read and write what the role may, and nothing else', async () => {
    const s3 = s3Of(ceph, credentialsOf(OWN));
    expect(await write(s3, 'pr/a')).toBe('written');
    const read = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'pr/a' }));
    expect(await read.Body?.transformToString()).toBe('pr/a');
    expect(await write(s3, 'base/a')).toBe('AccessDenied');
  });
});

const other = (changed: Partial<Run['repository']>): Run => ({ ...OWN, repository: { ...repository, ...changed } });

describe('any other token', () => {
  it.each<[string, Run, TokenOptions?]>([
    ['signed by another key', OWN, { forged: true }],
    ['that ended a minute ago', OWN, { expiresIn: -60 }],
    ['for another audience', OWN, { audience: 'sts.example.org' }],
    ["for GitHub's default audience", OWN, { audience: 'https://github.com/octo-org' }],
    ['of a push on the base branch', { repository, event: 'push' }],
    ['of a push on another branch', { repository, event: 'push', branch: 'feature' }],
    ['of a branch called pull_request', { repository, event: 'push', branch: 'pull_request' }],
    ['of an environment', { ...OWN, environment: 'pull_request' }],
    ['of another repository', other({ name: 'other' })],
    ['of a repository that begins alike', other({ name: 'detector2' })],
    ['of a repository of that name elsewhere', other({ owner: 'eve' })],
    ['in the other form', { ...OWN, form: 'ids' }],
  ])('gets nothing: one %s', async (_, run, token = {}) => {
    const error = await credentialsOf(run, token)().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(AyciError);
    expect((error as AyciError).code).toBe('target');
    expect((error as AyciError).message).toContain(`${role} does not exist or does not trust this run`);
    // It is the token alone that makes the difference.
    expect((await credentialsOf(OWN)()).sessionToken.length).toBeGreaterThan(100);
  });

  it.each([
    ['no token at all', async () => 'not.a.token'],
    ['a token without a signature', async () => (await issuer.token(OWN)).replace(/\.[^.]*$/, '.')],
    ['a token of an issuer that nobody trusts', foreignToken],
  ])('gets nothing: %s', async (_, idToken) => {
    await expect(credentialsOf(OWN, {}, { idToken })()).rejects.toBeInstanceOf(AyciError);
  });

  it('gets nothing of a role that is not there', async () => {
    const roleArn = `${role}-${randomUUID().slice(0, 8)}`;
    await expect(credentialsOf(OWN, {}, { roleArn })()).rejects.toThrow(/does not exist or does not trust/);
  });
});

async function foreignToken(): Promise<string> {
  await using foreign = await startOidcIssuer();
  return foreign.token(OWN);
}

describe('a session that ends while a run goes on', () => {
  it('is renewed before, and the old one is worth nothing afterwards', async () => {
    const provider = credentialsOf(OWN, {}, { durationSeconds: 8 });
    const first = await provider();
    const [renewed, kept] = [s3Of(ceph, provider), s3Of(ceph, first)];
    expect(await write(kept, 'pr/kept')).toBe('written');
    const end = first.expiration.getTime();
    const ends: string[] = [];
    while (Date.now() < end + 1000) {
      ends.push(await write(renewed, `pr/${ends.length}`));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(new Set(ends)).toEqual(new Set(['written']));
    expect(await write(kept, 'pr/kept')).not.toBe('written');
    expect((await provider()).accessKeyId).not.toBe(first.accessKeyId);
  });

  it('is asked for anew by a client that has signed before: the SDK keeps no copy of its own', async () => {
    let passed = 0;
    let tokens = 0;
    const clock = { now: () => passed, date: () => new Date(Date.now() + passed) };
    const idToken = (audience: string) => {
      tokens += 1;
      return issuer.token(OWN, { audience });
    };
    const s3 = s3Of(ceph, credentialsOf(OWN, {}, { clock, idToken }));
    expect(await write(s3, 'pr/x')).toBe('written');
    passed = 39 * 60_000;
    expect(await write(s3, 'pr/x')).toBe('written');
    expect(tokens).toBe(1);
    passed = 41 * 60_000;
    expect(await write(s3, 'pr/x')).toBe('written');
    expect(tokens).toBe(2);
  });
});
