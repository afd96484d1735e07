import { AyciError } from '../../errors.ts';

/** What the SDK throws, as far as it is read here. */
export interface ServiceError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly Reason?: string;
  readonly retryAfterSeconds?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
}

export function asServiceError(thrown: unknown): ServiceError {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The service's name of an error says the cause; these say the mend. */
const HINTS: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'Deploy the function, or leave its hardware and memory out of the matrix.',
  ExpiredTokenException: 'Renew the credentials; they last an hour by default.',
  UnrecognizedClientException: 'Check the credentials and the region.',
  InvalidSignatureException: 'Check the secret key, and set the clock of this machine.',
  SignatureDoesNotMatch: 'Check the secret key, and set the clock of this machine.',
  RequestTimeTooSkewed: 'Set the clock of this machine.',
  RequestExpired: 'Set the clock of this machine.',
  CredentialsProviderError: 'Give role-to-assume, or set AWS credentials in the environment.',
  InvalidRuntimeException: 'Deploy the functions again from their images.',
  CodeArtifactUserFailedException: 'Deploy the functions again from their images.',
  CodeArtifactUserDeletedException: 'Deploy the functions again from their images.',
};

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

/** Whether the host's name or address could not be reached at all. */
export function isUnreachable(error: ServiceError): boolean {
  return error.code !== undefined && UNREACHABLE.has(error.code);
}

/** Whether the certificate of the other end was refused: no waiting mends that. */
export function isCertificateError(error: ServiceError): boolean {
  return /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_)/.test(error.code ?? '');
}

function hintOf(error: ServiceError, action: string): string | null {
  if (/^AccessDenied/.test(error.name)) return `Allow ${action} to the role in use (docs/aws.md).`;
  if (isCertificateError(error))
    return 'Check what stands between this machine and AWS: a proxy with a certificate of its own?';
  if (isUnreachable(error)) return 'Check the region, the network and AWS_ENDPOINT_URL_LAMBDA.';
  return HINTS[error.name] ?? null;
}

/**
 * @param place what was asked: a function's name, or the operation
 * @param action the IAM action that the request takes, `lambda:InvokeFunction`
 */
export function targetError(place: string, action: string, thrown: unknown): AyciError {
  if (thrown instanceof AyciError) return thrown;
  const error = asServiceError(thrown);
  // The SDK's own name for a broken connection is less than the system's.
  const name = error.code ?? error.name;
  const hint = hintOf(error, action);
  return new AyciError('target', `${place}: the request failed: ${name}: ${error.message}`, {
    cause: error,
    ...(hint === null ? {} : { hint }),
  });
}
