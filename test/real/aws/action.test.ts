import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { squeezenet } from '../../../src/demo/squeezenet.ts';
import type { Report } from '../../../src/types/report.ts';
import { lambdaAction, lambdaFront, s3Action } from '../../support/aws-front.ts';
import { actionsOf, type BootstrapRole, bootstrapRole, makeBootstrapRole } from '../../support/bootstrap-roles.ts';
import type { CephFacts } from '../../support/ceph.ts';
import { trustIssuer } from '../../support/ceph-iam.ts';
import { sharedCeph } from '../../support/ceph-shared.ts';
import { embeddedFunctions } from '../../support/embedded-functions.ts';
import { temporaryFolder } from '../../support/folder.ts';
import type { Run } from '../../support/github-claims.ts';
import { createFunctions, startMoto } from '../../support/moto.ts';
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts';
import { ran } from '../../support/program.ts';
import { type RecordingProxy, recordingProxy } from '../../support/recording-proxy.ts';
import { s3Of } from '../../support/rgw.ts';
import { functionsOf, resolveTemplate } from '../../support/template.ts';

// The whole way: OIDC token → STS → role → model in S3 → discovery → the real ONNX runtime → results in S3 → report, by
// what is committed in dist/, which is told nothing but GitHub's and AWS's variables.

const REGION = 'us-east-1';
const REPOSITORY = { owner: 'octo-org', ownerId: '11', name: 'detector', id: '22' };

/** Allowed, and not asked for by these runs. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  'lambda:ListTags': 'without it GetFunction leaves the tags out',
  's3:AbortMultipartUpload': 'a large model whose upload failed: test/real/aws/s3.test.ts',
  's3:ListBucket': 'without it a missing object is 403 and not 404',
};

interface World extends AsyncDisposable {
  readonly ceph: CephFacts;
  readonly issuer: OidcIssuer;
  readonly bucket: string;
  readonly s3: RecordingProxy;
  readonly lambda: RecordingProxy;
  readonly roles: { readonly pullRequest: string; readonly base: string };
  readonly policies: { readonly pullRequest: BootstrapRole; readonly base: BootstrapRole };
}

function imageOf(name: string): string {
  return `123456789012.dkr.ecr.${REGION}.amazonaws.com/ayci/${name}@sha256:${'a'.repeat(64)}`;
}

async function world(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const ceph = await sharedCeph();
  const issuer = stack.use(await startOidcIssuer());
  await trustIssuer(ceph, issuer);
  const bootstrap = resolveTemplate('runtimes/bootstrap.yaml', {
    Repositories: 'octo-org/detector@11@22',
    BucketPrefix: `action-${randomBytes(4).toString('hex')}`,
  });
  const bucket = String(bootstrap.resources.Archiveoctoorgdetector1122?.Properties.BucketName);
  await s3Of(ceph).send(new CreateBucketCommand({ Bucket: bucket }));
  const policies = {
    pullRequest: bootstrapRole(bootstrap, 'PullRequestRoleoctoorgdetector1122'),
    base: bootstrapRole(bootstrap, 'BaseRoleoctoorgdetector1122'),
  };
  const roles = {
    pullRequest: await makeBootstrapRole(ceph, issuer, policies.pullRequest),
    base: await makeBootstrapRole(ceph, issuer, policies.base),
  };
  const moto = stack.use(await startMoto());
  const template = resolveTemplate('runtimes/template.yaml', {
    FunctionRole: 'arn:aws:iam::123456789012:role/ayci-function',
    Hardware: 'x86_64',
    MemorySizes: '1769,3008',
    Imageonnxx8664: imageOf('onnx'),
    ConverterImageonnxx8664: imageOf('onnx-convert'),
  });
  await createFunctions(moto.endpoint, REGION, functionsOf(template));
  const functions = stack.use(await embeddedFunctions());
  const lambda = stack.use(await lambdaFront({ invoke: functions.endpoint, control: moto.endpoint, concurrency: 100 }));
  const s3 = stack.use(await recordingProxy(() => ceph.endpoint));
  const taken = stack.move();
  return { ceph, issuer, bucket, s3, lambda, roles, policies, [Symbol.asyncDispose]: () => taken.disposeAsync() };
}

let here: World;
beforeAll(async () => {
  here = await world();
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
});

/** What GitHub sets for a run of an event. */
async function environmentOf(folder: string, run: Run): Promise<Record<string, string>> {
  const event = join(folder, 'event.json');
  const repository = { full_name: 'octo-org/detector', default_branch: 'main' };
  const pull_request = { base: { sha: 'b'.repeat(40) }, head: { repo: repository }, user: { login: 'octocat' } };
  await writeFile(event, JSON.stringify(run.event === 'pull_request' ? { repository, pull_request } : { repository }));
  here.issuer.serve(run);
  return {
    ...here.issuer.env,
    GITHUB_ACTIONS: 'true',
    GITHUB_REPOSITORY: 'octo-org/detector',
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: event,
    GITHUB_REF: run.event === 'pull_request' ? 'refs/pull/7/merge' : 'refs/heads/main',
    GITHUB_SHA: 'c'.repeat(40),
    GITHUB_RUN_ID: '19000000001',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_ACTOR: 'octocat',
    AWS_ENDPOINT_URL_STS: here.ceph.endpoint,
    AWS_ENDPOINT_URL_S3: here.s3.endpoint,
    AWS_ENDPOINT_URL_LAMBDA: here.lambda.endpoint,
  };
}

function inputsOf(more: Readonly<Record<string, string>>): Record<string, string> {
  const inputs = {
    model: 'detector.onnx',
    archive: `s3://${here.bucket}/ayci`,
    'role-to-assume': here.roles.pullRequest,
    'baseline-role-to-assume': here.roles.base,
    'aws-region': REGION,
    ...more,
  };
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
}

async function reportIn(folder: string): Promise<Report> {
  return JSON.parse(await readFile(join(folder, 'ayci-report', 'report.json'), 'utf8')) as Report;
}

/** What a run of this event may do, to look at what it wrote: in S3 an object is its writer's. */
async function roleCredentials(run: Run) {
  const { ceph, issuer, roles } = here;
  const client = new STSClient({ endpoint: ceph.endpoint, region: REGION });
  const { Credentials: got } = await client.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: roles.pullRequest,
      RoleSessionName: 'looking',
      WebIdentityToken: await issuer.token(run),
    }),
  );
  client.destroy();
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = got ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

async function keysUnder(prefix: string): Promise<string[]> {
  const client = s3Of(here.ceph);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: here.bucket, Prefix: prefix }));
  client.destroy();
  return Contents.map(({ Key = '' }) => Key);
}

describe('the action with an AWS account', () => {
  it('on a push to the base branch: measures, keeps all under base/, and the history grows', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'detector.onnx'), squeezenet(0));
    const env = await environmentOf(folder.path, { repository: REPOSITORY, event: 'push' });
    const { code, stdout } = await ran('action', [], folder.path, { ...env, ...inputsOf({}) });
    expect(stdout).not.toMatch(/^::error/m);
    expect(code).toBe(0);
    const report = await reportIn(folder.path);
    expect(report).toMatchObject({ verdict: 'no-baseline', error: null });
    expect(report.models[0]?.cells.map((cell) => cell.status)).toEqual(['measured']);
    const keys = await keysUnder('ayci/octo-org/detector/');
    expect(keys.filter((key) => !key.startsWith('ayci/octo-org/detector/base/'))).toEqual([]);
    for (const room of ['models', 'converted', 'results', 'raw', 'history']) {
      expect(
        keys.some((key) => key.startsWith(`ayci/octo-org/detector/base/${room}/`)),
        room,
      ).toBe(true);
    }
  });

  it('on a pull request: compares with the base branch, finds the slowdown, writes pr/ alone, fails', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'detector.onnx'), squeezenet(3));
    const env = await environmentOf(folder.path, { repository: REPOSITORY, event: 'pull_request' });
    const before = await keysUnder('ayci/octo-org/detector/base/');
    const inputs = inputsOf({ baseline: 'archive:main' });
    const { code, stdout } = await ran('action', [], folder.path, { ...env, ...inputs });
    const report = await reportIn(folder.path);
    expect(report.error).toBeNull();
    expect(report.verdict).toBe('regressed');
    expect(code).toBe(1);
    expect(stdout).toContain('is 4');
    const [cell] = report.models[0]?.cells ?? [];
    expect(cell?.verdict).toMatchObject({ state: 'regressed', sandboxes: 6 });
    expect(cell?.output?.equivalent).toBe(true);
    expect(report.run.spentUsd).toBeGreaterThan(0);
    expect(report.run.target).toBe('lambda');
    expect(await keysUnder('ayci/octo-org/detector/base/')).toEqual(before);

    // Six sandboxes and a conversion: that of the baseline is the base branch's.
    expect(report.run.calls).toBe(7);
    const again = await ran('action', [], folder.path, { ...env, ...inputs });
    expect(again.code).toBe(1);
    expect((await reportIn(folder.path)).run).toMatchObject({ calls: 0, reused: 1 });
  });

  it('leaves no secret in the log, the report or the archive', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'detector.onnx'), squeezenet(1));
    const env = await environmentOf(folder.path, { repository: REPOSITORY, event: 'pull_request' });
    const { stdout, stderr } = await ran('action', [], folder.path, { ...env, ...inputsOf({}), RUNNER_DEBUG: '1' });
    const masked = [...stdout.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret = '']) => secret);
    expect(masked.length).toBeGreaterThanOrEqual(4);
    const shown = stdout.replace(/^::add-mask::.*$/gm, '') + stderr;
    const report = await readFile(join(folder.path, 'ayci-report', 'report.json'), 'utf8');
    const client = s3Of(here.ceph, await roleCredentials({ repository: REPOSITORY, event: 'pull_request' }));
    const [results = ''] = (await keysUnder('ayci/octo-org/detector/pr/results/')).slice(-1);
    const { Body } = await client.send(new GetObjectCommand({ Bucket: here.bucket, Key: results }));
    const kept = Buffer.from((await Body?.transformToByteArray()) ?? []).toString('latin1');
    client.destroy();
    for (const secret of masked) for (const text of [shown, report, kept]) expect(text).not.toContain(secret);
    for (const text of [shown, report]) expect(text).not.toMatch(/X-Amz-(Signature|Security-Token)/i);
  });

  it('has a doctor who tries each permission and each function', async () => {
    await using folder = await temporaryFolder();
    const env = await environmentOf(folder.path, { repository: REPOSITORY, event: 'pull_request' });
    const args = ['doctor', '--target', 'lambda', '--archive', `s3://${here.bucket}/ayci`, '--aws-region', REGION];
    const well = await ran('cli', [...args, '--role-to-assume', here.roles.pullRequest, '--json'], folder.path, env);
    // Before it come the masks of the token, which a job's log needs.
    const checks = JSON.parse(well.stdout.slice(well.stdout.indexOf('[\n'))) as {
      what: string;
      state: string;
      detail: string;
    }[];
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'sts:AssumeRoleWithWebIdentity',
        'lambda:ListFunctions, lambda:GetFunction',
        'lambda:GetAccountSettings',
        'ayci-onnx-x86_64-1769',
        'ayci-onnx-x86_64-3008',
        'ayci-onnx-convert-x86_64',
        'archive: s3:PutObject',
        'archive: s3:ListBucket',
        'archive: s3:GetObject',
        'archive: signed URLs',
      ]),
    );
    expect(well.code).toBe(0);

    const ill = await ran('cli', [...args, '--role-to-assume', here.roles.base], folder.path, env);
    expect(ill.code).toBe(3);
    expect(ill.stdout).toContain('❌ missing');
    expect(ill.stdout).toContain('repo:octo-org/detector:pull_request');
  });

  it("of a fork's pull request measures on the runner, and says so", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'detector.onnx'), squeezenet(0));
    const { ACTIONS_ID_TOKEN_REQUEST_URL: _, ...env } = await environmentOf(folder.path, {
      repository: REPOSITORY,
      event: 'pull_request',
    });
    const fork = { head: { repo: { full_name: 'stranger/detector' } }, base: { sha: 'b'.repeat(40) } };
    await writeFile(env.GITHUB_EVENT_PATH ?? '', JSON.stringify({ pull_request: fork }));
    const before = here.s3.requests.length + here.lambda.requests.length;
    const { code, stdout } = await ran('action', [], folder.path, { ...env, ...inputsOf({}) });
    expect(code).toBe(0);
    expect(stdout).toContain('::warning::GitHub gives pull requests of forks');
    expect(await reportIn(folder.path)).toMatchObject({ verdict: 'no-baseline', run: { target: 'local' } });
    expect(here.s3.requests.length + here.lambda.requests.length).toBe(before);
    const asked = await ran('action', [], folder.path, { ...env, ...inputsOf({ target: 'lambda' }) });
    expect(asked.code).toBe(3);
    expect(asked.stdout).toContain('run `target: local`');
  });

  it('under pull_request_target measures nothing', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'detector.onnx'), squeezenet(0));
    const own = await environmentOf(folder.path, { repository: REPOSITORY, event: 'pull_request' });
    const env = { ...own, GITHUB_EVENT_NAME: 'pull_request_target' };
    const asked = here.issuer.asked.length;
    const { code, stdout } = await ran('action', [], folder.path, { ...env, ...inputsOf({}) });
    expect(code).toBe(2);
    expect(stdout).toContain('pull_request_target; expected pull_request');
    expect(here.issuer.asked.length).toBe(asked);
    expect((await readdir(folder.path)).sort()).toEqual(['detector.onnx', 'event.json']);
  });

  const WRONG: readonly [string, Readonly<Record<string, string>>, number, string][] = [
    ['a bucket that is not there', { archive: 's3://no-such-bucket-of-ours/ayci' }, 2, 'no-such-bucket-of-ours'],
    ['a malformed bucket', { archive: 's3://No_Bucket/ayci' }, 2, 'does not name a bucket'],
    ['a prefix that leads out', { archive: 's3://bucket/../other' }, 2, 'has a bad prefix'],
    ['a malformed role', { 'role-to-assume': 'arn:aws:iam::1:role/x' }, 2, 'is not the ARN of a role'],
    ['a malformed region', { 'aws-region': 'moon' }, 2, 'is not an AWS region'],
    ['a role of another branch', { 'role-to-assume': 'base' }, 3, 'repo:octo-org/detector:pull_request'],
  ];
  it.each(WRONG)('refuses %s in one clear line', async (_, more, exit, message) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'detector.onnx'), squeezenet(2));
    const env = await environmentOf(folder.path, { repository: REPOSITORY, event: 'pull_request' });
    const role = more['role-to-assume'] === 'base' ? { 'role-to-assume': here.roles.base } : {};
    const { code, stdout } = await ran('action', [], folder.path, { ...env, ...inputsOf({ ...more, ...role }) });
    const errors = stdout.split('\n').filter((line) => line.startsWith('::error'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(message);
    expect(code).toBe(exit);
  });

  it('asks AWS for nothing that its policy does not allow', () => {
    const asked = new Set([...here.lambda.requests.map(lambdaAction), ...here.s3.requests.map(s3Action)]);
    for (const role of Object.values(here.policies)) {
      const allowed = actionsOf(role);
      expect([...asked].filter((action) => !allowed.has(action))).toEqual([]);
      expect([...allowed].filter((action) => !asked.has(action)).sort()).toEqual(Object.keys(NOT_ASKED));
    }
  });
});
