import { AyciError } from '../errors.ts';
import type { ShownClaims } from './claims.ts';
import type { RoleArn } from './role-arn.ts';
import { shown } from './shown.ts';

/** What is known where STS refused. */
export interface Refused {
  /** The input that named the role. */
  readonly place: string;
  readonly role: RoleArn;
  readonly region: string;
  readonly claims: ShownClaims;
  readonly audience: string;
  /** ms since 1970, by this machine. */
  readonly at: number;
}

interface StsError {
  readonly name: string;
  readonly message: string;
  readonly status: number | null;
}

interface Words {
  readonly what: string;
  readonly hint: string;
}

const text = (value: string | null): string => (value === null ? 'none' : shown(value));
const hostOf = (issuer: string | null): string =>
  (issuer ?? 'https://token.actions.githubusercontent.com').replace(/^https?:\/\//, '');

function untrusted({ role, claims }: Refused): Words {
  const { subject, audience, repositoryId, ref } = claims;
  const got = `sub ${text(subject)}, aud ${text(audience)}, repository_id ${text(repositoryId)}, ref ${text(ref)}`;
  const line = `${shown(`${hostOf(claims.issuer)}:sub`)}: ${text(subject)}`;
  return {
    what: `${role.arn} does not exist or does not trust this run, got a token with ${got}; expected what its trust policy names`,
    hint: `To let such runs in, the trust policy needs ${line} and the same aud and repository_id: deploy runtimes/bootstrap.yaml with this repository. A role for the base branch trusts no other branch and no pull request.`,
  };
}

function invalid(refused: Refused, error: StsError): Words {
  const { role, claims, audience } = refused;
  const provider = `the identity provider ${shown(hostOf(claims.issuer))} of account ${role.account}`;
  if (/audience/i.test(error.message)) {
    return {
      what: `${provider} does not take this audience, got ${text(claims.audience)}; expected one of its client IDs`,
      hint: `Add ${audience} to the client IDs of the provider, as runtimes/bootstrap.yaml does.`,
    };
  }
  if (/No OpenIDConnect provider/i.test(error.message)) {
    return {
      what: `account ${role.account} has no identity provider for the token, got issuer ${text(claims.issuer)}; expected a provider of that URL`,
      hint: 'Deploy runtimes/bootstrap.yaml in that account, or correct the account in the role.',
    };
  }
  return {
    what: `STS could not verify the token, got ${shown(error.message)}; expected a token that ${provider} signs`,
    hint: 'Run again; if it stays, compare the provider in IAM with that of runtimes/bootstrap.yaml.',
  };
}

function expired({ claims, at }: Refused): Words {
  const end = claims.expiresAt === null ? 'none' : new Date(claims.expiresAt * 1000).toISOString();
  return {
    what: `STS took the token for expired, got one that ends at ${end} while this machine says ${new Date(at).toISOString()}; expected a fresh one`,
    hint: 'If the two times are minutes apart or the wrong way round, set the clock of the machine; else run again.',
  };
}

function wordsOf(refused: Refused, error: StsError): Words {
  switch (error.name) {
    case 'AccessDenied':
    case 'AccessDeniedException':
      return untrusted(refused);
    case 'InvalidIdentityToken':
    case 'InvalidIdentityTokenException':
      return invalid(refused, error);
    case 'ExpiredToken':
    case 'ExpiredTokenException':
      return expired(refused);
    case 'IDPCommunicationError':
    case 'IDPCommunicationErrorException':
      return {
        what: `STS could not reach the identity provider, got ${shown(error.message)}; expected an answer of ${shown(hostOf(refused.claims.issuer))}`,
        hint: 'It passes by itself, as a rule: run again.',
      };
    case 'RegionDisabledException':
      return {
        what: `STS is switched off in this region, got ${refused.region}; expected a region in which account ${refused.role.account} has it`,
        hint: 'Activate STS there (IAM, account settings), or set aws-region.',
      };
  }
  // Some S3-compatible servers give no code: a refusal is a refusal.
  if (error.status === 403) return untrusted(refused);
  if (error.status === null) {
    return {
      what: `STS did not answer, got ${shown(`${error.name}: ${error.message}`)}; expected an answer of STS in ${refused.region}`,
      hint: 'Check aws-region, AWS_ENDPOINT_URL_STS and the network.',
    };
  }
  return {
    what: `STS refused the request, got ${shown(`${error.status} ${error.name}: ${error.message}`)}; expected credentials for ${refused.role.arn}`,
    hint: 'docs/aws.md lists what STS says and what mends it.',
  };
}

/**
 * Why STS gave no credentials. The SDK's error is not kept as the cause, since it holds the request with the token in
 * it: only its name and its words are, with `secret` cut out of them.
 */
export function refusal(refused: Refused, thrown: unknown, secret: string): AyciError {
  const raw = thrown instanceof Error ? thrown : new Error(String(thrown));
  const status = (raw as { $metadata?: { httpStatusCode?: unknown } }).$metadata?.httpStatusCode;
  const clean = secret === '' ? raw.message : raw.message.replaceAll(secret, '***');
  const error: StsError = { name: raw.name, message: clean, status: typeof status === 'number' ? status : null };
  const { what, hint } = wordsOf(refused, error);
  const cause = new Error(`${error.name}: ${error.message}`);
  return new AyciError('target', `${refused.place}: ${what}`, { hint, cause });
}
