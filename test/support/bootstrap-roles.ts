import type { CephFacts } from './ceph.ts';
import { newRole } from './ceph-iam.ts';
import { type PolicyDocument, several } from './iam.ts';
import type { OidcIssuer } from './oidc-issuer.ts';
import type { ResolvedTemplate } from './template.ts';

const GITHUB = 'token.actions.githubusercontent.com';

/** A role as the bootstrap stack makes it. */
export interface BootstrapRole {
  readonly trust: PolicyDocument;
  readonly permissions: PolicyDocument;
}

/** Reads a role of the resolved template. The deploying role's policy is a resource of its own. */
export function bootstrapRole(template: ResolvedTemplate, id: string): BootstrapRole {
  const { AssumeRolePolicyDocument, Policies } = (template.resources[id]?.Properties ?? {}) as unknown as {
    readonly AssumeRolePolicyDocument?: PolicyDocument;
    readonly Policies?: readonly { readonly PolicyDocument: PolicyDocument }[];
  };
  const managed = template.resources.DeployPolicy?.Properties.PolicyDocument as unknown as PolicyDocument | undefined;
  const permissions = id === 'DeployRole' ? managed : Policies?.[0]?.PolicyDocument;
  if (AssumeRolePolicyDocument === undefined || permissions === undefined || permissions.Statement.length === 0) {
    throw new Error(`the template has no role ${id} with a policy`);
  }
  return { trust: AssumeRolePolicyDocument, permissions };
}

/** Ceph knows the subject and the audience of a token; other conditions are decided by reading the policy. */
function withoutUnknownClaims(policy: PolicyDocument): PolicyDocument {
  const known = ([key]: [string, unknown]): boolean => [`${GITHUB}:aud`, `${GITHUB}:sub`].includes(key);
  const Statement = policy.Statement.map((statement) => ({
    ...statement,
    Condition: Object.fromEntries(
      Object.entries(statement.Condition ?? {}).map(([operator, keys]) => [
        operator,
        Object.fromEntries(Object.entries(keys).filter(known)),
      ]),
    ),
  }));
  return { ...policy, Statement };
}

/** What a policy says of S3; Ceph refuses one that names actions of Lambda. */
function ofS3(policy: PolicyDocument): PolicyDocument {
  const isS3 = (action: string): boolean => action.startsWith('s3:');
  const Statement = policy.Statement.filter(({ Action }) => several(Action).every(isS3));
  const nothing = { Effect: 'Deny' as const, Action: 's3:*', Resource: 'arn:aws:s3:::*' };
  return { Version: '2012-10-17', Statement: Statement.length > 0 ? Statement : [nothing] };
}

/** Makes the role in Ceph, trusting `issuer` where the template trusts GitHub. Gives its ARN. */
export function makeBootstrapRole(ceph: CephFacts, issuer: OidcIssuer, role: BootstrapRole): Promise<string> {
  const trust = JSON.stringify(withoutUnknownClaims(role.trust)).replaceAll(GITHUB, issuer.host);
  return newRole(ceph, JSON.parse(trust), ofS3(role.permissions));
}

/** Every action that a role's policy allows. */
export function actionsOf({ permissions }: BootstrapRole): ReadonlySet<string> {
  return new Set(permissions.Statement.flatMap(({ Action }) => several(Action)));
}
