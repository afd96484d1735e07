import type { InvocationReport } from '../../ports.ts';
import { FAILURE_OF_ERROR, type Failure, type FailureCode } from '../../types/measurement.ts';
import { shown } from './shown.ts';

/** From this share of its memory on, a sandbox that ended by itself ended for it. */
const NEAR_LIMIT = 0.9;

/** A function may say up to 6 MB. */
const MESSAGE_MAX = 1000;

const BY_TYPE: Readonly<Record<string, FailureCode>> = {
  ...FAILURE_OF_ERROR,
  MemoryError: 'out-of-memory',
  'Runtime.OutOfMemory': 'out-of-memory',
  'Sandbox.Timedout': 'timeout',
  'Function.ResponseSizeTooLarge': 'protocol',
};

/** On Lambda nothing but the shortage of memory kills a runtime from outside. */
const KILLED = /signal: killed\b/;
const EXITED = /Runtime exited/;

function codeOf(type: string, message: string, report: InvocationReport | null): FailureCode {
  // An error's name may be any, `constructor` too.
  const known = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  if (known !== undefined) return known;
  if (/Task timed out after/.test(message)) return 'timeout';
  if (type !== 'Runtime.ExitError' && !EXITED.test(message)) return 'crashed';
  if (KILLED.test(message)) return 'out-of-memory';
  return report !== null && report.maxMemoryMb >= NEAR_LIMIT * report.memoryMb ? 'out-of-memory' : 'crashed';
}

/** The failure that a FunctionError's payload tells of: `{"errorType", "errorMessage"}`. */
export function classifyFunctionError(payload: string, report: InvocationReport | null): Failure {
  let type = '';
  let message = payload;
  try {
    const json = JSON.parse(payload) as { errorType?: unknown; errorMessage?: unknown } | null;
    if (typeof json?.errorType === 'string') type = json.errorType;
    if (typeof json?.errorMessage === 'string') message = json.errorMessage;
  } catch {
    // Not JSON: the text itself is all there is to show.
  }
  const named = type !== '' && !message.includes(type) ? `${type}: ${message}` : message;
  const code = codeOf(type, message, report);
  return { code, message: named === '' ? 'the function failed without a word' : shown(named, MESSAGE_MAX) };
}
