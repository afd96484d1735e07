import { describe, expect, test } from 'vitest';
import { asServiceError, type ServiceError, targetError } from '../../../../src/target/lambda/errors.ts';
import { PATIENCE_MS, Patience } from '../../../../src/target/lambda/patience.ts';
import { decide } from '../../../../src/target/lambda/retry.ts';
import { backoffMs } from '../../../../src/target/lambda/wait.ts';

interface Over {
  readonly message?: string;
  readonly code?: string;
  readonly syscall?: string;
  readonly status?: number;
  readonly retryAfterSeconds?: string;
}

function error(name: string, { message = 'words', status, ...over }: Over = {}): ServiceError {
  const $metadata = status === undefined ? {} : { httpStatusCode: status };
  return Object.assign(new Error(message), { name, $metadata, ...over });
}

const TLS = 'Client network socket disconnected before secure TLS connection was established';

describe('what surely did not start is sent again', () => {
  test.each<[string, ServiceError, string]>([
    ['a throttle', error('TooManyRequestsException', { status: 429 }), 'throttled'],
    ['a throttle without a name', error('Unknown', { status: 429 }), 'throttled'],
    ['an internal error of the service', error('ServiceException', { status: 500 }), 'unavailable'],
    ['no room in the network', error('ENILimitReachedException', { status: 502 }), 'unavailable'],
    ['503 of whoever', error('Unknown', { status: 503 }), 'unavailable'],
    ['an update', error('ResourceConflictException', { status: 409 }), 'not-ready'],
    ['an inactive function', error('ResourceNotReadyException', { status: 502 }), 'not-ready'],
    ['an image that is being fetched', error('CodeArtifactUserPendingException', { status: 409 }), 'not-ready'],
    ['a refused connection', error('Error', { code: 'ECONNREFUSED', syscall: 'connect' }), 'unreachable'],
    ['a refused connection at each address', error('AggregateError', { code: 'ECONNREFUSED' }), 'unreachable'],
    ['an unknown host', error('Error', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'unreachable'],
    ['a name server that fails', error('Error', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }), 'unreachable'],
    ['a connection that is not made', error('TimeoutError', { code: 'ETIMEDOUT', syscall: 'connect' }), 'unreachable'],
    ['a handshake that breaks off', error('TimeoutError', { code: 'ECONNRESET', message: TLS }), 'unreachable'],
    ['a signature of another time', error('InvalidSignatureException', { status: 403 }), 'clock'],
    ['credentials that have ended', error('ExpiredTokenException', { status: 403 }), 'credentials'],
  ])('%s', (_, thrown, cause) => {
    expect(decide(thrown)).toMatchObject({ kind: 'resend', cause });
  });
});

describe('what may have run is not', () => {
  test.each<[string, ServiceError]>([
    ['a reset', error('TimeoutError', { code: 'ECONNRESET', syscall: 'read' })],
    ['a broken pipe', error('TimeoutError', { code: 'EPIPE', syscall: 'write' })],
    ['a connection that times out later', error('TimeoutError', { code: 'ETIMEDOUT', syscall: 'read' })],
    ['an answer cut short', error('Error', { message: 'aborted', code: 'ECONNRESET' })],
    ['a gateway without an answer', error('Unknown', { status: 504 })],
    ['a bad gateway', error('SyntaxError', { status: 502 })],
    ['500 of something between', error('UnknownError', { status: 500 })],
    ['anything else', error('Error')],
  ])('%s is a lost connection', (_, thrown) => {
    expect(decide(thrown)).toMatchObject({ kind: 'failure', failure: { code: 'connection-lost' } });
  });
});

test.each(['AccessDeniedException', 'ResourceNotFoundException', 'UnrecognizedClientException', 'constructor'])(
  '%s ends the run',
  (name) => {
    expect(decide(error(name, { status: 403 }))).toEqual({ kind: 'fatal' });
  },
);

test('a function that its key locks, and a certificate that is not AWS’s, end the run', () => {
  expect(decide(error('KMSAccessDeniedException', { status: 502 }))).toEqual({ kind: 'fatal' });
  expect(decide(error('Error', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }))).toEqual({ kind: 'fatal' });
});

test('too large a request is a failure of its cell', () => {
  const thrown = error('RequestTooLargeException', { status: 413, message: 'too large' });
  expect(decide(thrown)).toEqual({ kind: 'failure', failure: { code: 'protocol', message: 'too large' } });
});

test.each([
  ['2', 2000],
  ['0', 0],
  ['0.5', 500],
  [undefined, null],
  ['soon', null],
  ['-1', null],
])('Retry-After %s is %s ms', (retryAfterSeconds, askedMs) => {
  const over = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  expect(decide(error('TooManyRequestsException', over))).toMatchObject({ askedMs });
});

test('waits grow twofold to ten seconds, with full jitter; what the service asks for is kept to', () => {
  const most = [1, 2, 3, 4, 5, 6, 7, 50].map((tries) => backoffMs(tries, null, () => 1));
  expect(most).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  expect(backoffMs(5, null, () => 0)).toBe(0);
  expect(backoffMs(1, 7000, () => 1)).toBe(7000);
});

function patienceOf(): { patience: Patience; pass: (ms: number) => void } {
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
  };
  return { patience: new Patience({ patienceMs: PATIENCE_MS, now: () => now, random: () => 1 }), pass };
}

test('a throttled request is given up after a minute, or at once where it is asked to wait longer', () => {
  const { patience, pass } = patienceOf();
  const throttled = { kind: 'resend', cause: 'throttled', askedMs: null } as const;
  const thrown = Object.assign(error('TooManyRequestsException'), { Reason: 'ConcurrentInvocationLimitExceeded' });
  expect(patience.next(throttled, thrown)).toEqual({ waitMs: 500 });
  pass(58_000);
  expect(patience.next(throttled, thrown)).toEqual({ waitMs: 1000 });
  pass(1001);
  const failure = { code: 'throttled', message: 'throttled 3 times: ConcurrentInvocationLimitExceeded' };
  expect(patience.next(throttled, thrown)).toEqual({ failure });
  expect(patienceOf().patience.next({ ...throttled, askedMs: 61_000 }, thrown)).toMatchObject({
    failure: { code: 'throttled' },
  });
});

test('a clock is set once, credentials are renewed once; both may happen to one request', () => {
  const { patience } = patienceOf();
  const clock = { kind: 'resend', cause: 'clock', askedMs: null } as const;
  const credentials = { kind: 'resend', cause: 'credentials', askedMs: null } as const;
  const thrown = error('InvalidSignatureException');
  expect(patience.next(clock, thrown)).toEqual({ waitMs: 0 });
  expect(patience.next(credentials, thrown)).toEqual({ waitMs: 0 });
  expect(patience.next(clock, thrown)).toBe('fatal');
  expect(patience.next(credentials, thrown)).toBe('fatal');
});

test.each([
  ['AccessDeniedException', {}, /Allow lambda:InvokeFunction/],
  ['InvalidSignatureException', {}, /set the clock/],
  ['ExpiredTokenException', {}, /Renew the credentials/],
  ['Error', { code: 'ENOTFOUND' }, /Check the region/],
  ['Error', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, /proxy/],
])('%s %j comes with its mend', (name, over, hint) => {
  const made = targetError('ayci-onnx-arm64-512', 'lambda:InvokeFunction', error(name, over));
  expect(made).toMatchObject({ code: 'target', hint: expect.stringMatching(hint) });
  expect(made.message).toContain('ayci-onnx-arm64-512: the request failed: ');
});

test('a thing that is no error still has words', () => {
  expect(asServiceError('words').message).toBe('words');
});
