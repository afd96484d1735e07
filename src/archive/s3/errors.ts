import { AyciError } from '../../errors.ts';
import type { S3Options } from './client.ts';

/** What was being done: the IAM action, and the key that it was done to. */
export interface Doing {
  readonly action: 's3:GetObject' | 's3:PutObject';
  readonly key: string;
  /** Before anything was measured or written, so that what is wrong is what was asked for. */
  readonly early: boolean;
}

/** What the SDK's errors have; they are not always of its classes. */
interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

export function facts(thrown: unknown): { name: string; code: string; status: number; attempts: number } {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Thrown;
  return {
    name: error.name ?? '',
    code: error.code ?? '',
    status: error.$metadata?.httpStatusCode ?? 0,
    attempts: error.$metadata?.attempts ?? 1,
  };
}

/** There is no such object; a missing bucket is something else. */
export function isAbsent(thrown: unknown): boolean {
  const { name, status } = facts(thrown);
  return name === 'NoSuchKey' || name === 'NotFound' || (status === 404 && name !== 'NoSuchBucket');
}

function regionOf(thrown: unknown): string | null {
  const error = thrown as Thrown;
  const region = error.$response?.headers?.['x-amz-bucket-region'] ?? error.Region;
  return region !== undefined && /^[a-z0-9-]{1,40}$/.test(region) ? region : null;
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]);
const DENIED = new Set(['AccessDenied', 'AllAccessDisabled', 'Forbidden', 'AccountProblem']);
const WRONG_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);
const UNKNOWN_KEY = new Set(['InvalidAccessKeyId', 'InvalidToken', 'SignatureDoesNotMatch', 'InvalidClientTokenId']);
const BUSY = new Set(['SlowDown', 'ServiceUnavailable', 'Busy', 'InternalError', 'RequestTimeout']);

/** Any failure of a request to S3: what is wrong, and what mends it. An AyciError (of the credentials) stays itself. */
export function s3Error(options: S3Options, doing: Doing, thrown: unknown): AyciError {
  if (thrown instanceof AyciError) return thrown;
  const { bucket, endpoint, placeOf } = options;
  const { name, code, status } = facts(thrown);
  const where = `archive s3://${bucket}/${options.prefix}`;
  const make = (kind: 'bad-input' | 'archive', what: string, hint: string): AyciError =>
    new AyciError(kind, `${where}: ${what}`, { hint, cause: thrown });

  if (name === 'NoSuchBucket') {
    return make('bad-input', `there is no bucket ${bucket}`, `Create it, or mend ${placeOf('archive')}.`);
  }
  const region = regionOf(thrown);
  // An answer to HEAD has no body and so no name.
  const isElsewhere = status === 400 && name !== 'ExpiredToken' && region !== null && region !== options.region;
  if (WRONG_REGION.has(name) || status === 301 || isElsewhere) {
    const other = region === null ? 'another region' : region;
    const set = region === null ? "the bucket's region" : region;
    return make(
      'bad-input',
      `the bucket is in ${other}, got ${options.region}`,
      `Set ${placeOf('aws-region')} to ${set}.`,
    );
  }
  if (EXPIRED.has(name)) {
    return make('archive', 'the credentials have expired', 'Renew them and run again; what was kept is reused.');
  }
  if (UNKNOWN_KEY.has(name)) {
    return make(
      'archive',
      `the credentials are not accepted (${name})`,
      'Check them; a secret may be cut or of another account.',
    );
  }
  if (name === 'RequestTimeTooSkewed') {
    return make('archive', "this machine's clock is more than 15 minutes off", 'Set its clock.');
  }
  if (DENIED.has(name) || status === 403) {
    const denied = `${doing.action} on ${doing.key} is not allowed`;
    const needs = doing.action === 's3:GetObject' ? 's3:GetObject and s3:ListBucket' : 's3:PutObject';
    return make(
      doing.early ? 'bad-input' : 'archive',
      denied,
      `Are bucket and credentials the right ones? The role in use (${placeOf('role-to-assume')}) needs ${needs} there.`,
    );
  }
  if (name === 'CredentialsProviderError') {
    return make(
      'archive',
      'there are no AWS credentials',
      `Give ${placeOf('role-to-assume')}, or credentials in the environment.`,
    );
  }
  if (name === 'NotImplemented' || status === 501) {
    return make(
      'archive',
      'the server has no conditional writes',
      'Two runs could lose results: use a server that has them.',
    );
  }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return make('archive', 'the disk is full', 'Free some space and run again.');
  if (UNREACHABLE.has(code) || name === 'TimeoutError') {
    const server = endpoint === null ? `S3 in ${options.region}` : new URL(endpoint).origin;
    return make(
      'archive',
      `${server} cannot be reached (${code || name})`,
      endpoint === null ? `Check the network and ${placeOf('aws-region')}.` : 'Check AWS_ENDPOINT_URL_S3.',
    );
  }
  if (BUSY.has(name) || status >= 500) {
    return make('archive', `S3 is busy (${name || status})`, 'Run again in a while; what was kept is reused.');
  }
  return make('archive', `${doing.action} on ${doing.key} failed (${code || name || status})`, 'Run again.');
}
