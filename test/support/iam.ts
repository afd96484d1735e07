import type { Value } from './template-read.ts';

type OneOrMore = string | readonly string[];
type Condition = Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Value;
  readonly Action: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly Condition?: Condition;
}

export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** One value or several, as several. */
export function several<T extends string>(value: T | readonly T[] | undefined): readonly T[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : (value as readonly T[]);
}

/** IAM's patterns: `*` any text, `?` one character. */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

const OPERATORS: Readonly<Record<string, (wanted: string, is: string) => boolean>> = {
  StringEquals: (wanted, is) => wanted === is,
  StringLike: like,
  ArnLike: like,
  Bool: (wanted, is) => wanted.toLowerCase() === is.toLowerCase(),
};

/** A key that the request does not have matches nothing. */
function meets(condition: Condition | undefined, context: Readonly<Record<string, string>>): boolean {
  return Object.entries(condition ?? {}).every(([operator, keys]) => {
    const test = OPERATORS[operator];
    if (test === undefined) throw new Error(`the operator ${operator} is not known here`);
    return Object.entries(keys).every(([key, wanted]) => {
      const is = context[key];
      return is !== undefined && several(wanted).some((one) => test(one, is));
    });
  });
}

const ISSUER = 'token.actions.githubusercontent.com';

/** Whether a trust policy lets in a token of GitHub's with these claims. */
export function trusts(policy: PolicyDocument, claims: Readonly<Record<string, string>>): boolean {
  const context = Object.fromEntries(Object.entries(claims).map(([name, value]) => [`${ISSUER}:${name}`, value]));
  return policy.Statement.some(
    (statement) =>
      statement.Effect === 'Allow' &&
      several(statement.Action).includes('sts:AssumeRoleWithWebIdentity') &&
      meets(statement.Condition, context),
  );
}

/** Whether a policy allows an action on a resource (an ARN, or `*` for actions that have none). */
export function allows(
  policy: PolicyDocument,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
): boolean {
  const applying = policy.Statement.filter(
    (statement) =>
      several(statement.Action).some((pattern) => like(pattern, action)) &&
      several(statement.Resource).some((pattern) => like(pattern, resource)) &&
      meets(statement.Condition, context),
  );
  return applying.some(({ Effect }) => Effect === 'Allow') && !applying.some(({ Effect }) => Effect === 'Deny');
}
