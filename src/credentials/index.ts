import { AyciError, asAyciError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { claimsOf } from './claims.ts';
import { assumeRole } from './exchange.ts';
import { noToken, type Origin } from './no-token.ts';
import { refusal } from './refusal.ts';
import { type CredentialsProvider, renewing } from './renewing.ts';
import { parseRoleArn } from './role-arn.ts';
import { shown } from './shown.ts';

export type { Origin } from './no-token.ts';
export { noToken } from './no-token.ts';
export type { Credentials, CredentialsProvider } from './renewing.ts';
export { parseRoleArn, type RoleArn } from './role-arn.ts';
export { sessionName } from './session-name.ts';

/** Whom the token is for, as the identity provider and the roles' trust policies name it. */
export const AUDIENCE = 'sts.amazonaws.com';
/** What every role allows; also STS's own default. */
const HOUR_SECONDS = 3600;

export interface OidcOptions {
  /** As written; see `parseRoleArn`. */
  readonly roleArn: string;
  /** The input that named the role, for messages: `role-to-assume`. */
  readonly place: string;
  readonly region: string;
  /** STS elsewhere than where the SDK looks. */
  readonly endpoint?: string;
  /** See `sessionName`. */
  readonly sessionName: string;
  /** Asks GitHub for a token; null where it gives this run none. */
  readonly idToken: ((audience: string) => Promise<string>) | null;
  readonly origin: Origin;
  /** Called with each secret before anything can print it. */
  readonly mask?: (secret: string) => void;
  readonly clock: Clock;
  /** 900 to the role's limit; an hour if not given. */
  readonly durationSeconds?: number;
}

function unmasked(): void {}

/**
 * Credentials of a role in exchange for the OIDC token of a GitHub workflow: a provider as AWS's clients take it. It
 * asks at its first call, shares and renews what it got (see `renewing`); `forceRefresh` asks anew.
 *
 * @throws AyciError `bad-input` for a malformed ARN, at once; `target` for a run that gets no token, at once; the
 * provider throws `target` where GitHub or STS refuse, with the cause and what mends it.
 */
export function oidcCredentials(options: OidcOptions): CredentialsProvider {
  const { place, region, clock, mask = unmasked, idToken } = options;
  const role = parseRoleArn(options.roleArn, place);
  if (idToken === null) throw noToken(place, options.origin);
  const durationSeconds = options.durationSeconds ?? HOUR_SECONDS;

  const obtain = async () => {
    const token = await idToken(AUDIENCE).catch((error: unknown) => {
      const cause = asAyciError(error);
      const message = `${place}: GitHub's token service gave no OIDC token, got ${shown(cause.message)}; expected a token`;
      const hint = 'Run again; if it stays, see githubstatus.com and the `permissions` of the job.';
      throw new AyciError('target', message, { hint });
    });
    mask(token);
    const { sessionName } = options;
    const exchange = { roleArn: role.arn, sessionName, region, endpoint: options.endpoint ?? null, durationSeconds };
    try {
      const credentials = await assumeRole(token, exchange);
      for (const secret of [credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken]) {
        mask(secret);
      }
      return credentials;
    } catch (error) {
      const at = clock.date().getTime();
      throw refusal({ place, role, region, claims: claimsOf(token), audience: AUDIENCE, at }, error, token);
    }
  };
  return renewing(obtain, durationSeconds * 1000, clock);
}
