import { expect, test } from 'vitest';
import type { InvocationReport } from '../../../../src/ports.ts';
import { classifyFunctionError } from '../../../../src/target/lambda/failure.ts';

function report(maxMemoryMb: number): InvocationReport {
  return { durationMs: 1, billedMs: 1, memoryMb: 1000, maxMemoryMb, initMs: null };
}

function payload(errorType: string, errorMessage: string): string {
  return JSON.stringify({ errorType, errorMessage, stackTrace: [] });
}

const EXIT = 'RequestId: 1 Error: Runtime exited with error: ';

test.each([
  ['OutOfMemory', 'no room', 10, 'out-of-memory'],
  ['MemoryError', '', 10, 'out-of-memory'],
  ['Runtime.OutOfMemory', 'gone', 10, 'out-of-memory'],
  ['Runtime.ExitError', `${EXIT}signal: killed`, 10, 'out-of-memory'],
  ['Runtime.ExitError', `${EXIT}exit status 134`, 900, 'out-of-memory'],
  ['Runtime.ExitError', `${EXIT}exit status 134`, 899, 'crashed'],
  ['Runtime.ExitError', `${EXIT}signal: segmentation fault`, 10, 'crashed'],
  ['Sandbox.Timedout', 'RequestId: 1 Error: Task timed out after 3.00 seconds', 990, 'timeout'],
  ['', '2026-01-01T00:00:00Z 1 Task timed out after 3.00 seconds', 10, 'timeout'],
  ['InvalidRequest', 'no', 10, 'protocol'],
  ['InvalidModel', 'no', 990, 'invalid-model'],
  ['InvalidInput', 'no', 10, 'invalid-input'],
  ['ArtifactMismatch', 'no', 10, 'artifact-mismatch'],
  ['ConversionFailed', 'no', 10, 'conversion-failed'],
  ['InferenceFailed', 'no', 10, 'inference-failed'],
  ['Function.ResponseSizeTooLarge', 'no', 10, 'protocol'],
  ['UploadFailed', 'no', 10, 'connection-lost'],
  ['KeyError', 'x', 990, 'crashed'],
  ['constructor', 'x', 10, 'crashed'],
])('%s: %s (%i of 1000 MB) is %s', (type, message, used, code) => {
  expect(classifyFunctionError(payload(type, message), report(used)).code).toBe(code);
});

test('the message names the type, once', () => {
  expect(classifyFunctionError(payload('InvalidModel', 'no graph'), null).message).toBe('InvalidModel: no graph');
  expect(classifyFunctionError(payload('KeyError', 'KeyError of x'), null).message).toBe('KeyError of x');
});

test.each(['plain text', '"a string"', 'null'])('a payload that is no error object (%s) is shown as it is', (text) => {
  expect(classifyFunctionError(text, null)).toEqual({ code: 'crashed', message: text });
});

test('an empty payload still has words', () => {
  expect(classifyFunctionError('', null)).toEqual({ code: 'crashed', message: 'the function failed without a word' });
});

test('a signed URL in a message is not shown, nor more than a thousand characters', () => {
  const url = 'https://bucket.s3.amazonaws.com/ayci/x?X-Amz-Credential=AKIA&X-Amz-Signature=abc';
  const { message } = classifyFunctionError(payload('ArtifactMismatch', `cannot read "${url}" twice: ${url}.`), null);
  expect(message).toBe('ArtifactMismatch: cannot read "[signed URL]" twice: [signed URL]');
  expect(classifyFunctionError(payload('InvalidModel', 'x'.repeat(6_000_000)), null).message).toHaveLength(1001);
});
