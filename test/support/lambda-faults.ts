/** What befalls one Invoke. Up to `conflict` the function does not run. */
export const FAULTS = [
  'throttle',
  'throttle-retry-after',
  'service-500',
  'unavailable-503',
  'reset-before-read',
  'conflict',
  'expired-token',
  'proxy-502',
  'reset-after-run',
  'cut',
  'not-json',
  'out-of-memory',
  'timeout',
  'exit',
  'handled',
  'no-report',
  'json-report',
  'other-nonce',
  'silence',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Answers of the service itself: the function does not run. */
export const ERRORS: Partial<Record<Fault, readonly [status: number, name: string, body: object]>> = {
  throttle: [
    429,
    'TooManyRequestsException',
    { Reason: 'ConcurrentInvocationLimitExceeded', message: 'Rate Exceeded.' },
  ],
  'throttle-retry-after': [
    429,
    'TooManyRequestsException',
    { Reason: 'CallerRateLimitExceeded', message: 'Rate exceeded' },
  ],
  'service-500': [500, 'ServiceException', { Type: 'Service', Message: 'internal error' }],
  'unavailable-503': [503, 'ServiceUnavailableException', { message: 'Service Unavailable' }],
  conflict: [
    409,
    'ResourceConflictException',
    { Type: 'User', Message: 'The function is currently in the following state: Pending' },
  ],
  'expired-token': [403, 'ExpiredTokenException', { message: 'The security token included in the request is expired' }],
};

/** `ID` stands for the request's id. */
export const FUNCTION_ERRORS: Partial<Record<Fault, readonly [type: string, message: string]>> = {
  'out-of-memory': ['Runtime.ExitError', 'RequestId: ID Error: Runtime exited with error: signal: killed'],
  timeout: ['Sandbox.Timedout', 'RequestId: ID Error: Task timed out after 90.00 seconds'],
  exit: ['Runtime.ExitError', 'RequestId: ID Error: Runtime exited with error: exit status 1'],
  handled: ['InferenceFailed', 'the model failed'],
};

/** A sandbox that ended so takes no further request. */
export const DEADLY: readonly (Fault | null)[] = ['out-of-memory', 'timeout', 'exit'];

/** The log's last line. */
export function reportOf(requestId: string, cold: boolean, fault: Fault | null): string {
  if (fault === 'no-report') return 'a log without a report';
  if (fault === 'json-report') {
    const metrics = { durationMs: 900.5, billedDurationMs: 901, memorySizeMB: 1769, maxMemoryUsedMB: 90 };
    return JSON.stringify({ type: 'platform.report', record: { requestId, metrics, status: 'success' } });
  }
  const used = fault === 'out-of-memory' ? 1769 : 90;
  const init = cold ? '\tInit Duration: 300.00 ms' : '';
  return `REPORT RequestId: ${requestId}\tDuration: 900.50 ms\tBilled Duration: 901 ms\tMemory Size: 1769 MB\tMax Memory Used: ${used} MB${init}\t`;
}
