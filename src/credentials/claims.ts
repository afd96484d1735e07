/** What a token says of itself, for messages; null where it does not say. Nothing here is verified: STS does that. */
export interface ShownClaims {
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly audience: string | null;
  readonly repositoryId: string | null;
  readonly ref: string | null;
  /** Seconds since 1970. */
  readonly expiresAt: number | null;
}

const NONE: ShownClaims = {
  ...{ issuer: null, subject: null, audience: null, repositoryId: null, ref: null, expiresAt: null },
};

/** Reads a token's claims without verifying it. */
export function claimsOf(token: string): ShownClaims {
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return NONE;
  }
  if (typeof claims !== 'object' || claims === null) return NONE;
  const fields = claims as Readonly<Record<string, unknown>>;
  const text = (name: string): string | null => {
    const value = fields[name];
    return typeof value === 'string' ? value : null;
  };
  const { aud, exp } = fields;
  return {
    issuer: text('iss'),
    subject: text('sub'),
    audience: Array.isArray(aud) ? aud.map(String).join(',') : text('aud'),
    repositoryId: text('repository_id'),
    ref: text('ref'),
    expiresAt: typeof exp === 'number' ? exp : null,
  };
}
