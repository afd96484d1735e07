import * as core from '@actions/core';

export { originOf, refusedEvent } from './event.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Asks GitHub for a token with this audience, masked in the log; null where the run gets none. */
export function idTokenOf(env: Environment): ((audience: string) => Promise<string>) | null {
  if (!env.ACTIONS_ID_TOKEN_REQUEST_URL || !env.ACTIONS_ID_TOKEN_REQUEST_TOKEN) return null;
  return (audience) => core.getIDToken(audience);
}

/** Hides a secret in the job's log from now on. */
export function maskSecret(secret: string): void {
  core.setSecret(secret);
}
