import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { allows, type PolicyDocument, several } from '../../support/iam.ts';
import { type Resource, resolveTemplate } from '../../support/template.ts';
import type { Fields } from '../../support/template-read.ts';

const bootstrap = fileURLToPath(new URL('../../../runtimes/bootstrap.yaml', import.meta.url));
const { resources, outputs } = resolveTemplate(bootstrap, {
  Repositories: 'octo-org/detector@11@22,octo-org/other@11@33',
  BucketPrefix: 'models',
});

function resource(id: string): Fields {
  const found = resources[id];
  if (found === undefined) throw new Error(`the stack has no ${id}`);
  return found.Properties;
}

function inline(id: string): PolicyDocument {
  const [only, ...others] = resource(id).Policies as unknown as { PolicyDocument: PolicyDocument }[];
  expect(others).toEqual([]);
  return (only as { PolicyDocument: PolicyDocument }).PolicyDocument;
}

const managed = (id: string): PolicyDocument => resource(id).PolicyDocument as unknown as PolicyDocument;
const policies = {
  pullRequest: inline('PullRequestRoleoctoorgdetector1122'),
  base: inline('BaseRoleoctoorgdetector1122'),
  deploy: managed('DeployPolicy'),
  function: managed('FunctionPolicy'),
};
const own = 'arn:aws:s3:::models-22';
const fn = (name: string): string => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

describe('what runs may do', () => {
  const places = {
    pr: `${own}/ayci/octo-org/detector/pr/results/k.json`,
    base: `${own}/ayci/octo-org/detector/base/history/main/m.json`,
    local: `${own}/ayci/local/results/k.json`,
    'a repository whose name begins like this one': `${own}/ayci/octo-org/detector2/pr/results/k.json`,
    'another repository here': `${own}/ayci/octo-org/other/pr/results/k.json`,
    'another repository’s bucket': 'arn:aws:s3:::models-33/ayci/octo-org/other/pr/results/k.json',
    'this repository’s prefix in another bucket': 'arn:aws:s3:::models-33/ayci/octo-org/detector/pr/results/k.json',
    'a bucket whose name begins like this one': 'arn:aws:s3:::models-222/ayci/octo-org/detector/pr/x',
    'no prefix': `${own}/octo-org/detector/pr/results/k.json`,
  };
  it.each([
    ['pullRequest', 's3:GetObject', ['pr', 'base']],
    ['pullRequest', 's3:PutObject', ['pr']],
    ['pullRequest', 's3:AbortMultipartUpload', ['pr']],
    ['pullRequest', 's3:DeleteObject', []],
    ['base', 's3:GetObject', ['base']],
    ['base', 's3:PutObject', ['base']],
    ['base', 's3:AbortMultipartUpload', ['base']],
    ['base', 's3:DeleteObject', []],
    ['function', 's3:GetObject', []],
    ['function', 's3:PutObject', []],
    ['deploy', 's3:GetObject', []],
    ['deploy', 's3:PutObject', []],
  ] as const)('%s: %s in %s', (role, action, expected) => {
    const allowed = Object.entries(places).filter(([, arn]) => allows(policies[role], action, arn));
    expect(allowed.map(([place]) => place)).toEqual(expected);
  });

  it.each(['pullRequest', 'base'] as const)('%s: lists its own bucket, changes no bucket', (role) => {
    expect(allows(policies[role], 's3:ListBucket', own)).toBe(true);
    expect(allows(policies[role], 's3:ListBucket', 'arn:aws:s3:::models-33')).toBe(false);
    for (const action of [
      's3:PutBucketPolicy',
      's3:PutLifecycleConfiguration',
      's3:DeleteBucket',
      's3:DeleteObjectVersion',
    ])
      expect(allows(policies[role], action, own)).toBe(false);
  });

  it.each(['pullRequest', 'base'] as const)('%s: measures on AYCI’s functions alone, and changes none', (role) => {
    for (const action of ['lambda:InvokeFunction', 'lambda:GetFunction', 'lambda:ListTags']) {
      expect(allows(policies[role], action, fn('ayci-onnx-arm64-1769'))).toBe(true);
      expect(allows(policies[role], action, fn('billing'))).toBe(false);
    }
    for (const action of ['lambda:UpdateFunctionCode', 'lambda:UpdateFunctionConfiguration', 'lambda:TagResource'])
      expect(allows(policies[role], action, fn('ayci-onnx-arm64-1769'))).toBe(false);
    expect(allows(policies[role], 'iam:PassRole', 'arn:aws:iam::123456789012:role/ayci-function')).toBe(false);
    expect(allows(policies[role], 'sts:AssumeRole', 'arn:aws:iam::123456789012:role/ayci-base-22')).toBe(false);
  });
});

describe('what functions may do', () => {
  it('is to write log lines of their own, within a boundary', () => {
    expect(policies.function.Statement.flatMap(({ Action }) => several(Action))).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
    const stream = 'arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/GROUP:log-stream:x';
    expect(allows(policies.function, 'logs:PutLogEvents', stream.replace('GROUP', 'ayci-onnx'))).toBe(true);
    expect(allows(policies.function, 'logs:PutLogEvents', stream.replace('GROUP', 'billing'))).toBe(false);
    const role = resource('FunctionRole');
    expect(role.Policies).toBeUndefined();
    expect(role.ManagedPolicyArns).toEqual([role.PermissionsBoundary]);
    expect(role.PermissionsBoundary).toBe('arn:aws:iam::123456789012:policy/FunctionPolicy');
  });
});

describe('what deploying may do', () => {
  const stack = (name: string): string => `arn:aws:cloudformation:eu-west-1:123456789012:stack/${name}/0123`;
  it('is to change the stack of functions, not the one that gives it its rights', () => {
    for (const action of ['cloudformation:CreateChangeSet', 'cloudformation:DeleteStack']) {
      expect(allows(policies.deploy, action, stack('ayci'))).toBe(true);
      expect(allows(policies.deploy, action, stack('ayci-bootstrap'))).toBe(false);
      expect(allows(policies.deploy, action, stack('billing'))).toBe(false);
    }
  });

  it('is to make functions with one role', () => {
    const toLambda = { 'iam:PassedToService': 'lambda.amazonaws.com' };
    const role = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
    expect(allows(policies.deploy, 'iam:PassRole', role('ayci-function'), toLambda)).toBe(true);
    expect(allows(policies.deploy, 'iam:PassRole', role('ayci-deploy'), toLambda)).toBe(false);
    expect(allows(policies.deploy, 'iam:PassRole', role('admin'), toLambda)).toBe(false);
    const toMachine = { 'iam:PassedToService': 'ec2.amazonaws.com' };
    expect(allows(policies.deploy, 'iam:PassRole', role('ayci-function'), toMachine)).toBe(false);
    expect(allows(policies.deploy, 'lambda:CreateFunction', fn('billing'))).toBe(false);
    expect(allows(policies.deploy, 'ecr:PutImage', 'arn:aws:ecr:eu-west-1:123456789012:repository/billing')).toBe(
      false,
    );
  });

  it('is no identity management but that', () => {
    const actions = policies.deploy.Statement.flatMap(({ Action }) => several(Action));
    expect(actions.filter((action) => /^(iam|sts|organizations):/.test(action))).toEqual(['iam:PassRole']);
    const role = resource('DeployRole');
    expect(role.Policies).toBeUndefined();
    expect(role.ManagedPolicyArns).toEqual([role.PermissionsBoundary]);
    expect(role.PermissionsBoundary).toBe('arn:aws:iam::123456789012:policy/DeployPolicy');
  });
});

describe('all policies', () => {
  const text = readFileSync(bootstrap, 'utf8');

  it('allow no action by a pattern, and every resource only where the action has none', () => {
    const everywhere = [];
    for (const { Statement } of Object.values(policies)) {
      for (const { Effect, Action, Resource: on } of Statement) {
        expect(Effect).toBe('Allow');
        for (const action of several(Action)) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
        if (several(on).includes('*')) everywhere.push(...several(Action));
      }
    }
    // AWS's service authorization reference lists no resource type for these.
    const without = ['lambda:ListFunctions', 'lambda:GetAccountSettings', 'ecr:GetAuthorizationToken'];
    expect([...new Set(everywhere)].sort()).toEqual(without.sort());
  });

  it('say why above each statement', () => {
    const lines = text.split('\n');
    const from = lines.findIndex((line) => line.includes('Policies:'));
    const statements = lines.flatMap((line, index) => (/^ +- Sid: \w+$/.test(line) ? [index] : []));
    const granting = statements.filter((index) => {
      const effect = lines.slice(index, index + 8).join('\n');
      return index > from && effect.includes('Effect: Allow') && !effect.includes('Principal:');
    });
    expect(granting).toHaveLength(5 + 5 + 8 + 1);
    for (const index of granting) expect(lines[index - 1], lines[index]).toMatch(/^ +# [A-Z].*\.$/);
  });

  it('fit into what IAM takes', () => {
    expect(JSON.stringify(policies.deploy).length).toBeLessThanOrEqual(6144);
    expect(JSON.stringify(policies.pullRequest).length).toBeLessThanOrEqual(10_240);
  });
});

describe('the buckets', () => {
  const buckets = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::S3::Bucket');

  it('are one a repository, with names that S3 takes, whatever the parameters', () => {
    expect(buckets.map(([, { Properties }]) => Properties.BucketName)).toEqual(['models-22', 'models-33']);
    const preset = resolveTemplate(bootstrap, { Repositories: 'octo-org/detector@11@9876543210' });
    const made = Object.values(preset.resources).find(({ Type }) => Type === 'AWS::S3::Bucket');
    expect(made?.Properties.BucketName).toBe('ayci-123456789012-eu-west-1-9876543210');
    expect(String(made?.Properties.BucketName)).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
  });

  it.each(buckets)('%s is private, encrypted, versioned and outlives the stack', (_, bucket: Resource) => {
    const { Properties, DeletionPolicy } = bucket;
    expect(DeletionPolicy).toBe('Retain');
    expect(Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(JSON.stringify(Properties.BucketEncryption)).toContain('"SSEAlgorithm":"AES256"');
    expect(JSON.stringify(Properties.OwnershipControls)).toContain('BucketOwnerEnforced');
  });

  it('lose what can be made again, and nothing that a baseline needs', () => {
    const { Rules } = resource('Archiveoctoorgdetector1122').LifecycleConfiguration as { Rules: readonly Fields[] };
    const kept = 'ayci/octo-org/detector';
    const expiring = Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined);
    expect(expiring.map(({ Prefix, ExpirationInDays }) => [Prefix, ExpirationInDays])).toEqual([
      [`${kept}/base/converted/`, 90],
      [`${kept}/base/raw/`, 90],
      [`${kept}/pr/converted/`, 90],
      [`${kept}/pr/`, 90],
    ]);
    const [first] = Rules;
    expect(first).toMatchObject({
      NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    });
    expect(Rules.every(({ Status }) => Status === 'Enabled')).toBe(true);
  });

  it('answer to TLS alone', () => {
    const policy = resource('ArchivePolicyoctoorgdetector1122').PolicyDocument as unknown as PolicyDocument;
    expect(policy.Statement).toEqual([
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [own, `${own}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
  });
});

describe('the image repositories', () => {
  it.each([
    ['Imagesonnx', 'ayci/onnx'],
    ['ConverterImagesonnx', 'ayci/onnx-convert'],
  ])('%s is %s: immutable, scanned, pruned, pulled by AYCI’s functions alone', (id, name) => {
    const made = resource(id);
    expect(made.RepositoryName).toBe(name);
    expect(made.ImageTagMutability).toBe('IMMUTABLE');
    expect(made.ImageScanningConfiguration).toEqual({ ScanOnPush: true });
    const { LifecyclePolicyText } = made.LifecyclePolicy as Fields;
    const { rules } = JSON.parse(String(LifecyclePolicyText)) as { rules: { selection: { tagStatus: string } }[] };
    expect(rules.map(({ selection }) => selection.tagStatus)).toEqual(['untagged', 'any']);
    const policy = made.RepositoryPolicyText as unknown as PolicyDocument;
    expect(policy.Statement).toEqual([
      {
        Sid: 'LambdaPulls',
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        Condition: { ArnLike: { 'aws:SourceArn': fn('ayci-*') } },
      },
    ]);
  });
});

describe('the outputs', () => {
  it('are what workflows need', () => {
    const role = 'arn:aws:iam::123456789012:role';
    expect(outputs).toEqual({
      PullRequestRoleoctoorgdetector1122: `${role}/ayci-pull-request-22`,
      BaseRoleoctoorgdetector1122: `${role}/ayci-base-22`,
      Archiveoctoorgdetector1122: 's3://models-22/ayci',
      PullRequestRoleoctoorgother1133: `${role}/ayci-pull-request-33`,
      BaseRoleoctoorgother1133: `${role}/ayci-base-33`,
      Archiveoctoorgother1133: 's3://models-33/ayci',
      DeployRole: `${role}/ayci-deploy`,
      FunctionRole: `${role}/ayci-function`,
      Region: 'eu-west-1',
    });
  });

  it('and logical ids are what CloudFormation takes', () => {
    for (const id of [...Object.keys(resources), ...Object.keys(outputs)]) expect(id).toMatch(/^[A-Za-z0-9]{1,255}$/);
  });
});
