import type { Credentials } from './renewing.ts';

export interface Exchange {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly region: string;
  /** Null: AWS's own, or what AWS_ENDPOINT_URL_STS says. */
  readonly endpoint: string | null;
  readonly durationSeconds: number;
}

/** STS could not fetch the issuer's keys: AWS's own words for what passes by itself. */
const KEY_NOT_FETCHED = /verification key/i;
const TRIES = 3;
const PAUSE_MS = 1000;

/**
 * Gives an identity token in exchange for a session of a role. The SDK is loaded here and not before, and repeats what
 * failed for a reason that passes (5xx, throttling, no connection).
 *
 * @throws whatever the SDK throws; it may hold the token.
 */
export async function assumeRole(token: string, exchange: Exchange): Promise<Credentials> {
  const { STSClient, AssumeRoleWithWebIdentityCommand } = await import('@aws-sdk/client-sts');
  const { region, endpoint } = exchange;
  const client = new STSClient({ region, ...(endpoint === null ? {} : { endpoint }) });
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: exchange.roleArn,
    RoleSessionName: exchange.sessionName,
    WebIdentityToken: token,
    DurationSeconds: exchange.durationSeconds,
  });
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        const { Credentials: given } = await client.send(command);
        const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
        if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
          throw new Error('the answer holds no whole credentials');
        }
        return {
          ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey },
          ...{ sessionToken: SessionToken, expiration: Expiration },
        };
      } catch (error) {
        if (tries === TRIES || !(error instanceof Error) || !KEY_NOT_FETCHED.test(error.message)) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
      }
    }
  } finally {
    client.destroy();
  }
}
