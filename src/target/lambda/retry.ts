import type { Failure } from '../../types/measurement.ts';
import { isCertificateError, isUnreachable, type ServiceError } from './errors.ts';

/** Why a request surely did not start, and may be sent again. */
export type Cause = 'throttled' | 'unavailable' | 'not-ready' | 'unreachable' | 'clock' | 'credentials';

export type Decision =
  /** `askedMs`: how long the service asked to wait, or null. */
  | { readonly kind: 'resend'; readonly cause: Cause; readonly askedMs: number | null }
  /** It may have started, or never will with this request: what happened is the answer. */
  | { readonly kind: 'failure'; readonly failure: Failure }
  /** No request of this run would fare better. */
  | { readonly kind: 'fatal' };

/**
 * Error names of Invoke that pass with time. Lambda's own errors are those that kept the function from running; what
 * happens in a function comes with status 200.
 */
const PASSING: Readonly<Record<string, Cause>> = {
  TooManyRequestsException: 'throttled',
  ThrottlingException: 'throttled',
  ServiceException: 'unavailable',
  ServiceUnavailableException: 'unavailable',
  ServiceUnavailable: 'unavailable',
  EC2ThrottledException: 'unavailable',
  EC2UnexpectedException: 'unavailable',
  ENILimitReachedException: 'unavailable',
  SubnetIPAddressLimitReachedException: 'unavailable',
  EFSMountConnectivityException: 'unavailable',
  EFSMountTimeoutException: 'unavailable',
  // Waking up, being made or being changed.
  ResourceConflictException: 'not-ready',
  ResourceNotReadyException: 'not-ready',
  ENINotReadyException: 'not-ready',
  CodeArtifactUserPendingException: 'not-ready',
  SnapStartNotReadyException: 'not-ready',
  SnapStartTimeoutException: 'not-ready',
  // The SDK has set its clock by the answer's date.
  InvalidSignatureException: 'clock',
  SignatureDoesNotMatch: 'clock',
  RequestTimeTooSkewed: 'clock',
  RequestExpired: 'clock',
  ExpiredTokenException: 'credentials',
};

/** Broken off before a byte of the request was on its way. */
function neverConnected(error: ServiceError): boolean {
  if (isUnreachable(error) || error.syscall === 'connect' || error.syscall === 'getaddrinfo') return true;
  // Node's words for a TLS handshake that broke off, and the SDK's for a connection that was not made in time.
  return /before secure TLS connection was established|did not establish a connection/.test(error.message);
}

function askedMs(error: ServiceError): number | null {
  const seconds = Number(error.retryAfterSeconds ?? Number.NaN);
  return seconds >= 0 ? seconds * 1000 : null;
}

function failure(code: Failure['code'], message: string): Decision {
  return { kind: 'failure', failure: { code, message } };
}

/** What to do about a request that was answered by an error, or not at all. */
export function decide(error: ServiceError): Decision {
  const status = error.$metadata?.httpStatusCode;
  if (error.name === 'RequestTooLargeException') return failure('protocol', error.message);
  const passing = Object.hasOwn(PASSING, error.name) ? PASSING[error.name] : undefined;
  if (passing !== undefined) return { kind: 'resend', cause: passing, askedMs: askedMs(error) };
  if (isCertificateError(error)) return { kind: 'fatal' };
  if (neverConnected(error)) return { kind: 'resend', cause: 'unreachable', askedMs: null };
  if (status === 429) return { kind: 'resend', cause: 'throttled', askedMs: askedMs(error) };
  // 503 means "not handled" whoever says it; other errors of something in between leave it open whether it ran.
  if (status === 503) return { kind: 'resend', cause: 'unavailable', askedMs: askedMs(error) };
  if (status !== undefined && status < 500 && status >= 300) return { kind: 'fatal' };
  if (status !== undefined && status >= 500 && !error.name.endsWith('Exception')) {
    return failure('connection-lost', `something between here and the function answered ${status}`);
  }
  if (status !== undefined && status >= 500) return { kind: 'fatal' };
  if (error.name === 'CredentialsProviderError') return { kind: 'fatal' };
  return failure('connection-lost', `the connection broke before the answer was here: ${error.code ?? error.message}`);
}

/** What a request comes to whose resends have used up their time; null: the run cannot go on. */
export function exhausted(cause: Cause, tries: number, error: ServiceError): Failure | null {
  const said = error.Reason ?? `${error.name}: ${error.message}`;
  if (cause === 'throttled') return { code: 'throttled', message: `throttled ${tries} times: ${said}` };
  if (cause === 'unavailable') {
    return { code: 'connection-lost', message: `AWS Lambda could not take the request, ${tries} times: ${said}` };
  }
  if (cause === 'not-ready') return { code: 'connection-lost', message: `the function did not get ready: ${said}` };
  return null;
}
