import type { Clock } from '../ports.ts';

/** What an AWS client signs with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/**
 * What AWS's clients take as `credentials`. `memoized` tells them not to keep a copy of their own, which they would use
 * until five minutes before its end, whereas a presigned URL must stay good for longer than that.
 */
export interface CredentialsProvider {
  (options?: { readonly forceRefresh?: boolean }): Promise<Credentials>;
  readonly memoized: true;
}

const MINUTE = 60_000;
/** Presigned URLs live no longer than what they are signed with; theirs must be good for 15 minutes. */
const LEFT_MS = 20 * MINUTE;
/** Where a renewal fails, what is there is used as long as it has this left, and asked for again after the pause. */
const LEFT_AT_LEAST_MS = MINUTE;
const PAUSE_MS = MINUTE / 2;

/**
 * A session's length in ms. Where this machine's clock is wrong by hours, the answer's end says nothing: then it is the
 * length that was asked for.
 */
function lengthOf(credentials: Credentials, asked: number, at: number): number {
  const told = credentials.expiration.getTime() - at;
  return told > 0 && told < asked ? told : asked;
}

interface Session {
  readonly credentials: Credentials;
  readonly lengthMs: number;
  readonly sinceMonotonic: number;
  readonly sinceWall: number;
}

/**
 * Keeps one session at a time and renews it when less than 20 minutes, or half of its length if that is less, are left.
 * Callers at the same time share one request. A request that fails fails its callers and no later one.
 *
 * @param obtain asks for a new session
 * @param askedMs the length that it asks for
 */
export function renewing(obtain: () => Promise<Credentials>, askedMs: number, clock: Clock): CredentialsProvider {
  let session: Session | null = null;
  let pending: Promise<Credentials> | null = null;
  let quietUntil = 0;

  // A machine that slept counts no monotonic time, one whose clock was set back no wall time.
  const leftOf = ({ lengthMs, sinceMonotonic, sinceWall }: Session): number =>
    lengthMs - Math.max(clock.now() - sinceMonotonic, clock.date().getTime() - sinceWall);

  async function renew(): Promise<Credentials> {
    // From before the request on: the session may have begun at any time since.
    const [sinceMonotonic, sinceWall] = [clock.now(), clock.date().getTime()];
    const credentials = await obtain();
    session = { credentials, lengthMs: lengthOf(credentials, askedMs, sinceWall), sinceMonotonic, sinceWall };
    return credentials;
  }

  function share(): Promise<Credentials> {
    pending ??= renew().finally(() => {
      pending = null;
    });
    return pending;
  }

  const provide = async (options?: { readonly forceRefresh?: boolean }): Promise<Credentials> => {
    if (session === null || options?.forceRefresh === true) return share();
    const kept = session;
    const left = leftOf(kept);
    const enough = left >= Math.min(LEFT_MS, kept.lengthMs / 2);
    if (enough || (left > LEFT_AT_LEAST_MS && clock.now() < quietUntil)) return kept.credentials;
    try {
      return await share();
    } catch (error) {
      if (leftOf(kept) <= LEFT_AT_LEAST_MS) throw error;
      quietUntil = clock.now() + PAUSE_MS;
      return kept.credentials;
    }
  };
  return Object.assign(provide, { memoized: true as const });
}
