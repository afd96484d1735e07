import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type PolicyDocument, several, trusts } from '../../support/iam.ts';
import { resolveTemplate } from '../../support/template.ts';

const bootstrap = fileURLToPath(new URL('../../../runtimes/bootstrap.yaml', import.meta.url));
const REPOSITORIES = 'octo-org/detector@11@22,octo-org/other@11@33';

type Claims = Readonly<Record<string, string>>;
interface Event {
  readonly name: string;
  /** What GitHub puts behind the repository. */
  readonly rest: string;
  readonly ref: string;
}

const EVENTS: readonly Event[] = [
  { name: 'pull_request', rest: 'pull_request', ref: 'refs/pull/7/merge' },
  { name: 'push, schedule or dispatch on main', rest: 'ref:refs/heads/main', ref: 'refs/heads/main' },
  { name: 'push on another branch', rest: 'ref:refs/heads/feature', ref: 'refs/heads/feature' },
  { name: 'a branch that begins like main', rest: 'ref:refs/heads/main2', ref: 'refs/heads/main2' },
  {
    name: 'merge_group',
    rest: 'ref:refs/heads/gh-readonly-queue/main/pr-7-0123abc',
    ref: 'refs/heads/gh-readonly-queue/main/pr-7-0123abc',
  },
  {
    name: 'merge_group of another branch',
    rest: 'ref:refs/heads/gh-readonly-queue/next/pr-7-0123abc',
    ref: 'refs/heads/gh-readonly-queue/next/pr-7-0123abc',
  },
  { name: 'release', rest: 'ref:refs/tags/v1', ref: 'refs/tags/v1' },
  { name: 'environment on main', rest: 'environment:prod', ref: 'refs/heads/main' },
  { name: 'environment on a pull request', rest: 'environment:prod', ref: 'refs/pull/7/merge' },
  { name: 'another environment', rest: 'environment:test', ref: 'refs/heads/main' },
];
const FORMS = { 'with names': 'repo:octo-org/detector', 'with ids': 'repo:octo-org@11/detector@22' };
const ROLES = ['pull-request', 'base', 'deploy'] as const;
type Role = (typeof ROLES)[number];

function trustPolicies(given: Readonly<Record<string, string>>): Readonly<Record<Role, PolicyDocument>> {
  const { resources } = resolveTemplate(bootstrap, { Repositories: REPOSITORIES, ...given });
  const of = (id: string) => resources[id]?.Properties.AssumeRolePolicyDocument as unknown as PolicyDocument;
  return {
    'pull-request': of('PullRequestRoleoctoorgdetector1122'),
    base: of('BaseRoleoctoorgdetector1122'),
    deploy: of('DeployRole'),
  };
}

function token(subject: string, { rest, ref }: Event, changed: Claims = {}): Claims {
  return { aud: 'sts.amazonaws.com', sub: `${subject}:${rest}`, repository_id: '22', ref, ...changed };
}

/** Each set-up, and which events get which roles in it. All that is not named gets none. */
const SETUPS: readonly { readonly given: Claims; readonly lets: Readonly<Record<string, readonly Role[]>> }[] = [
  {
    given: {},
    lets: { pull_request: ['pull-request'], 'push, schedule or dispatch on main': ['pull-request', 'base', 'deploy'] },
  },
  {
    given: { MergeQueue: 'yes' },
    lets: {
      pull_request: ['pull-request'],
      merge_group: ['pull-request'],
      'push, schedule or dispatch on main': ['pull-request', 'base', 'deploy'],
    },
  },
  {
    given: { EnvironmentName: 'prod' },
    lets: {
      pull_request: ['pull-request'],
      'push, schedule or dispatch on main': ['pull-request'],
      'environment on main': ['base', 'deploy'],
    },
  },
];

describe.each(SETUPS)('trust with $given', ({ given, lets }) => {
  const policies = trustPolicies(given);

  describe.each(Object.entries(FORMS))('subjects %s', (_, subject) => {
    it.each(EVENTS)('$name', (event) => {
      const got = ROLES.filter((role) => trusts(policies[role], token(subject, event)));
      expect(got).toEqual(lets[event.name] ?? []);
    });
  });

  it.each([
    ['another repository', { sub: 'repo:octo-org/other:REST', repository_id: '33' }],
    ['another owner, a repository of the same name', { sub: 'repo:evil/detector:REST', repository_id: '99' }],
    ['the old name, taken by somebody else', { repository_id: '99' }],
    ['another audience', { aud: 'https://github.com/octo-org' }],
    ['a name that goes on', { sub: 'repo:octo-org/detector2:REST' }],
    ['ids of another repository', { sub: 'repo:octo-org@11/detector@33:REST' }],
  ])('a token of %s gets nothing', (_, changed) => {
    for (const event of EVENTS) {
      for (const subject of Object.values(FORMS)) {
        const claims = token(subject, event);
        const sub = (changed as Claims).sub?.replace('REST', event.rest) ?? claims.sub;
        for (const role of ROLES) expect(trusts(policies[role], { ...claims, ...changed, sub } as Claims)).toBe(false);
      }
    }
  });

  it.each(['aud', 'sub', 'repository_id'])('a token without %s gets nothing', (claim) => {
    for (const event of EVENTS) {
      const { [claim]: _, ...claims } = token(FORMS['with names'], event);
      for (const role of ROLES) expect(trusts(policies[role], claims)).toBe(false);
    }
  });

  it('has no wildcard but the merge queue of the base branch', () => {
    const wild = Object.values(policies).flatMap(({ Statement }) =>
      Statement.flatMap(({ Condition }) =>
        Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
          Object.entries(keys).flatMap(([key, values]) =>
            several(values).flatMap((value) => (/[*?]/.test(value) ? [`${operator} ${key} ${value}`] : [])),
          ),
        ),
      ),
    );
    const queue = (subject: string) =>
      `StringLike token.actions.githubusercontent.com:sub ${subject}:ref:refs/heads/gh-readonly-queue/main/*`;
    expect(wild).toEqual(given.MergeQueue === 'yes' ? Object.values(FORMS).map(queue) : []);
  });

  it('names GitHub as the one who vouches, and no account', () => {
    for (const { Statement } of Object.values(policies)) {
      for (const { Principal } of Statement) {
        const arn = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
        expect(Principal).toEqual({ Federated: arn });
      }
    }
  });
});

describe('trust policies', () => {
  it('take the provider that the account has', () => {
    const ExistingOidcProviderArn = 'arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com';
    const policies = trustPolicies({ ExistingOidcProviderArn, MergeQueue: 'yes' });
    for (const { Statement } of Object.values(policies)) {
      for (const { Principal } of Statement) expect(Principal).toEqual({ Federated: ExistingOidcProviderArn });
    }
    const { resources } = resolveTemplate(bootstrap, { Repositories: REPOSITORIES, ExistingOidcProviderArn });
    expect(Object.values(resources).map(({ Type }) => Type)).not.toContain('AWS::IAM::OIDCProvider');
  });

  it('stay within IAM’s 2,048 characters with the longest names', () => {
    const longest = `${'o'.repeat(39)}/${'r'.repeat(100)}@${'9'.repeat(10)}@${'9'.repeat(10)}`;
    const { resources } = resolveTemplate(bootstrap, {
      Repositories: longest,
      MergeQueue: 'yes',
      BaseBranch: 'b'.repeat(60),
    });
    const roles = Object.values(resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles).toHaveLength(4);
    for (const { Properties } of roles) {
      expect(JSON.stringify(Properties.AssumeRolePolicyDocument).length).toBeLessThanOrEqual(2048);
      expect(Properties.RoleName).toMatch(/^[\w+=,.@-]{1,64}$/);
    }
  });

  it.each([
    ['Repositories', 'octo-org/*@11@22'],
    ['Repositories', 'octo-org/detector'],
    ['Repositories', '*/detector@11@22'],
    ['BaseBranch', '*'],
    ['BaseBranch', 'release-?'],
    ['EnvironmentName', '*'],
    ['EnvironmentName', 'prod:ref'],
    ['MergeQueue', 'maybe'],
    ['ArchivePrefix', 'a/../b'],
    ['ExistingOidcProviderArn', 'arn:aws:iam::210987654321:oidc-provider/evil.example'],
  ])('refuse %s = %s', (name, value) => {
    expect(() => resolveTemplate(bootstrap, { Repositories: REPOSITORIES, [name]: value })).toThrow(
      `parameter ${name}: ${value} is not allowed`,
    );
  });
});
