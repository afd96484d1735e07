import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CredentialsProvider, oidcCredentials } from '../../../src/credentials/index.ts';
import { bootstrapRole, makeBootstrapRole } from '../../support/bootstrap-roles.ts';
import type { CephFacts } from '../../support/ceph.ts';
import { trustIssuer } from '../../support/ceph-iam.ts';
import { sharedCeph } from '../../support/ceph-shared.ts';
import { claimsOf, type Repository, type Run } from '../../support/github-claims.ts';
import { type PolicyDocument, trusts } from '../../support/iam.ts';
import { type OidcIssuer, startOidcIssuer, type TokenOptions } from '../../support/oidc-issuer.ts';
import { ROOT } from '../../support/program.ts';
import { s3Of } from '../../support/rgw.ts';
import { resolveTemplate } from '../../support/template.ts';

const detector: Repository = { owner: 'octo-org', ownerId: '11', name: 'detector', id: '22' };
const REPOSITORIES = 'octo-org/detector@11@22,octo-org/other@11@33';
const ROLES = { pr: 'PullRequestRoleoctoorgdetector1122', base: 'BaseRoleoctoorgdetector1122', deploy: 'DeployRole' };
type Role = keyof typeof ROLES;

const SETUPS = {
  'as the template is by default': {},
  'with a merge queue': { MergeQueue: 'yes' },
  'with an environment': { EnvironmentName: 'prod' },
} as const;
type Setup = keyof typeof SETUPS;

/** Part of all buckets' names, so that no other test has them. */
const PREFIX = `roles-${randomBytes(4).toString('hex')}`;

let ceph: CephFacts;
let issuer: OidcIssuer;
const arns = new Map<string, string>();
const policies = new Map<string, PolicyDocument>();

beforeAll(async () => {
  [ceph, issuer] = await Promise.all([sharedCeph(), startOidcIssuer()]);
  await trustIssuer(ceph, issuer);
  const owner = s3Of(ceph);
  for (const id of ['22', '33']) await owner.send(new CreateBucketCommand({ Bucket: `${PREFIX}-${id}` }));
  for (const [setup, given] of Object.entries(SETUPS)) {
    const parameters = { Repositories: REPOSITORIES, BucketPrefix: PREFIX, ...given };
    const template = resolveTemplate(`${ROOT}runtimes/bootstrap.yaml`, parameters);
    for (const [name, id] of Object.entries(ROLES)) {
      const role = bootstrapRole(template, id);
      policies.set(`${setup} ${name}`, role.trust);
      arns.set(`${setup} ${name}`, await makeBootstrapRole(ceph, issuer, role));
    }
  }
});

afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

function credentialsOf(setup: Setup, role: Role, run: Run, token: TokenOptions = {}): CredentialsProvider {
  return oidcCredentials({
    ...{ roleArn: arns.get(`${setup} ${role}`) ?? '', place: 'role-to-assume', region: ceph.region },
    ...{ endpoint: ceph.endpoint, sessionName: 'octo-org=detector@1.1', origin: 'repository' },
    idToken: (audience) => issuer.token(run, { audience, ...token }),
    clock: { now: () => performance.now(), date: () => new Date() },
  });
}

/** The roles that STS gives a token. */
async function given(setup: Setup, run: Run, token?: TokenOptions): Promise<Role[]> {
  const got: Role[] = [];
  for (const role of Object.keys(ROLES) as Role[]) {
    const ended = await credentialsOf(setup, role, run, token)().then(
      () => 'given',
      (error: Error) => error.message,
    );
    if (ended === 'given') got.push(role);
    else expect(ended).toContain('does not exist or does not trust this run');
  }
  return got;
}

/** The roles whose trust policy, read whole, lets a token in. */
function readFromPolicy(setup: Setup, run: Run): Role[] {
  const claims = Object.entries(claimsOf(run)).map(([name, value]) => [name, String(value)]);
  const token = { ...Object.fromEntries(claims), aud: 'sts.amazonaws.com' };
  return (Object.keys(ROLES) as Role[]).filter((role) => {
    const policy = policies.get(`${setup} ${role}`);
    return policy !== undefined && trusts(policy, token);
  });
}

const on = (event: Run['event'], more: Partial<Run> = {}): Run => ({ repository: detector, event, ...more });
const prod = { environment: 'prod' };

/** What a row names gets, in each set-up: by default, with a merge queue, with an environment. */
const EVENTS: readonly [name: string, run: Run, lets: readonly [Role[], Role[], Role[]]][] = [
  ['pull_request', on('pull_request'), [['pr'], ['pr'], ['pr']]],
  ['push on the base branch', on('push'), [['pr', 'base', 'deploy'], ['pr', 'base', 'deploy'], ['pr']]],
  ['push on another branch', on('push', { branch: 'feature' }), [[], [], []]],
  ['push on a branch that begins like it', on('push', { branch: 'main2' }), [[], [], []]],
  ['push on a branch below it', on('push', { branch: 'main/x' }), [[], [], []]],
  ['schedule', on('schedule'), [['pr', 'base', 'deploy'], ['pr', 'base', 'deploy'], ['pr']]],
  [
    'workflow_dispatch on the base branch',
    on('workflow_dispatch'),
    [['pr', 'base', 'deploy'], ['pr', 'base', 'deploy'], ['pr']],
  ],
  ['workflow_dispatch on another', on('workflow_dispatch', { branch: 'feature' }), [[], [], []]],
  ['merge_group', on('merge_group'), [[], ['pr'], []]],
  ['merge_group of another branch', on('merge_group', { branch: 'next' }), [[], [], []]],
  ['release', on('release'), [[], [], []]],
  ['release of a tag called main', on('release', { tag: 'main' }), [[], [], []]],
  ['the environment on the base branch', on('push', prod), [[], [], ['base', 'deploy']]],
  ['another environment', on('push', { environment: 'test' }), [[], [], []]],
];
const FORMS = ['names', 'ids'] as const;
const SETUP_NAMES = Object.keys(SETUPS) as Setup[];

describe.each(SETUP_NAMES)('event × subject × role, %s', (setup) => {
  const rows = EVENTS.flatMap(([name, run, lets]) =>
    FORMS.map((form) => [name, form, { ...run, form }, lets[SETUP_NAMES.indexOf(setup)] ?? []] as const),
  );

  it.each(rows)('%s, subject by %s', async (_, _form, run, roles) => {
    expect(await given(setup, run)).toEqual(roles);
    expect(readFromPolicy(setup, run)).toEqual(roles);
  });
});

describe('what Ceph cannot tell, by reading the policy', () => {
  it("the environment on a pull request gets no base role: its subject is the base branch's", () => {
    expect(readFromPolicy('with an environment', on('pull_request', prod))).toEqual([]);
    expect(readFromPolicy('with an environment', on('push', prod))).toEqual(['base', 'deploy']);
  });

  it('a repository made anew under an old name gets nothing: its id differs', () => {
    const anew = { ...detector, ownerId: '91', id: '92' };
    for (const setup of SETUP_NAMES) {
      expect(readFromPolicy(setup, { repository: anew, event: 'pull_request', form: 'names' })).toEqual([]);
      expect(readFromPolicy(setup, { repository: anew, event: 'push', form: 'names' })).toEqual([]);
    }
  });
});

describe('a token that is not this repository’s, or not a good one', () => {
  const others: readonly [string, Partial<Repository>][] = [
    ['another repository, which has roles of its own', { name: 'other', id: '33' }],
    ['a repository that begins alike', { name: 'detector2', id: '44' }],
    ['a repository of the same name elsewhere', { owner: 'eve', ownerId: '55', id: '66' }],
  ];
  const rows = others.flatMap(([name, changed]) => FORMS.map((form) => [name, form, changed] as const));

  it.each(rows)('%s, subject by %s: nothing', async (_, form, changed) => {
    for (const event of ['pull_request', 'push', 'merge_group'] as const) {
      const run: Run = { repository: { ...detector, ...changed }, event, form };
      expect(await given('with a merge queue', run)).toEqual([]);
      expect(readFromPolicy('with a merge queue', run)).toEqual([]);
    }
  });

  it('other ids in the subject: nothing', async () => {
    const repository = { ...detector, ownerId: '91', id: '92' };
    expect(await given('as the template is by default', { repository, event: 'pull_request', form: 'ids' })).toEqual(
      [],
    );
  });

  it.each([
    ['forged', { forged: true }],
    ['expired', { expiresIn: -60 }],
    ['for another audience', { audience: 'sts.example.org' }],
  ])('%s: nothing', async (_, token) => {
    expect(await given('as the template is by default', on('pull_request'), token)).toEqual([]);
    expect(await given('as the template is by default', on('push'), token)).toEqual([]);
  });
});

const KEYS = {
  'its pr/': [`${PREFIX}-22`, 'ayci/octo-org/detector/pr/results/x'],
  'its base/': [`${PREFIX}-22`, 'ayci/octo-org/detector/base/results/x'],
  'beside its prefix': [`${PREFIX}-22`, 'ayci/octo-org/detector/x'],
  'a folder that begins like pr': [`${PREFIX}-22`, 'ayci/octo-org/detector/pr2/x'],
  'the root of its bucket': [`${PREFIX}-22`, 'x'],
  "another repository's pr/ in its bucket": [`${PREFIX}-22`, 'ayci/octo-org/other/pr/x'],
  "another repository's pr/": [`${PREFIX}-33`, 'ayci/octo-org/other/pr/x'],
  "another repository's base/": [`${PREFIX}-33`, 'ayci/octo-org/other/base/x'],
  'its own prefix in the bucket of another': [`${PREFIX}-33`, 'ayci/octo-org/detector/pr/x'],
} as const;
type Place = keyof typeof KEYS;

async function can(s3: S3Client, what: 'read' | 'write'): Promise<Place[]> {
  const places: Place[] = [];
  for (const [place, [Bucket, Key]] of Object.entries(KEYS) as [Place, readonly [string, string]][]) {
    const command =
      what === 'read' ? new GetObjectCommand({ Bucket, Key }) : new PutObjectCommand({ Bucket, Key, Body: what });
    // Each call of the two commands has its own type of answer.
    const ended = await (s3.send(command as PutObjectCommand) as Promise<unknown>).then(
      () => 'done',
      (error: Error) => error.name,
    );
    if (ended === 'done') places.push(place);
    else expect(ended).toBe('AccessDenied');
  }
  return places;
}

describe.each(SETUP_NAMES)('what may be read and written, %s', (setup) => {
  const baseRun = setup === 'with an environment' ? on('push', prod) : on('push');
  const rows: readonly [Role, Run, { readonly read: Place[]; readonly write: Place[] }][] = [
    ['pr', on('pull_request'), { read: ['its pr/', 'its base/'], write: ['its pr/'] }],
    ['base', baseRun, { read: ['its base/'], write: ['its base/'] }],
    ['deploy', baseRun, { read: [], write: [] }],
  ];

  it.each(rows)('by the role %s', async (role, run, { read, write }) => {
    // So that reading shows what is allowed, and not what is there.
    const owner = s3Of(ceph);
    for (const [Bucket, Key] of Object.values(KEYS)) {
      await owner.send(new PutObjectCommand({ Bucket, Key, Body: 'owner' }));
    }
    const s3 = s3Of(ceph, credentialsOf(setup, role, run));
    expect(await can(s3, 'write')).toEqual(write);
    expect(await can(s3, 'read')).toEqual(read);
  });
});

describe('a pull request that tries to get out of its folder', () => {
  it.each([
    'ayci/octo-org/detector/pr/../base/results/forged',
    'ayci/octo-org/detector/pr/%2e%2e/base/results/forged',
    'ayci/octo-org/detector/pr//../../base/results/forged',
  ])('%s leaves base/ as it was', async (Key) => {
    const s3 = s3Of(ceph, credentialsOf('as the template is by default', 'pr', on('pull_request')));
    const Bucket = `${PREFIX}-22`;
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'forged' })).catch(() => undefined);
    const forged = new GetObjectCommand({ Bucket, Key: 'ayci/octo-org/detector/base/results/forged' });
    await expect(s3Of(ceph).send(forged)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});

describe('an object that is not there', () => {
  it('is missing rather than forbidden, so that a wrong policy is not taken for an empty archive', async () => {
    const s3 = s3Of(ceph, credentialsOf('as the template is by default', 'pr', on('pull_request')));
    const missing = new GetObjectCommand({ Bucket: `${PREFIX}-22`, Key: 'ayci/octo-org/detector/base/results/none' });
    await expect(s3.send(missing)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});
