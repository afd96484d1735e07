import { expect, test } from 'vitest';
import { parseReport } from '../../../../src/target/lambda/report.ts';

const ID = '8f5b0b5e-3c1e-4d0a-9d5e-000000000001';
const COLD = `REPORT RequestId: ${ID}\tDuration: 172220.61 ms\tBilled Duration: 172745 ms\tMemory Size: 1024 MB\tMax Memory Used: 128 MB\tInit Duration: 523.84 ms\t`;
const FIGURES = { durationMs: 172220.61, billedMs: 172745, memoryMb: 1024, maxMemoryMb: 128 };

test('a cold report, as Lambda writes it', () => {
  const tail = `START RequestId: ${ID} Version: $LATEST\nhello\nEND RequestId: ${ID}\n${COLD}\n`;
  expect(parseReport(tail, ID)).toEqual({ ...FIGURES, initMs: 523.84, restoreMs: null, status: null, errorType: null });
});

test('a warm one has no init; status, error type and X-Ray fields go on after it', () => {
  const warm = COLD.replace('\tInit Duration: 523.84 ms', '');
  const more = `${warm}Status: error\tError Type: Runtime.ExitError\nXRAY TraceId: 1-2-3\tSegmentId: 4\tSampled: true\n`;
  expect(parseReport(more, ID)).toEqual({
    ...FIGURES,
    initMs: null,
    restoreMs: null,
    status: 'error',
    errorType: 'Runtime.ExitError',
  });
});

test('a SnapStart report: what is billed holds the billed part of the restore already', () => {
  const restored = `REPORT RequestId: ${ID}\tDuration: 127.10 ms\tBilled Duration: 154 ms\tMemory Size: 2048 MB\tMax Memory Used: 212 MB\tRestore Duration: 325.93 ms\tBilled Restore Duration: 26 ms\t`;
  const expected = {
    durationMs: 127.1,
    billedMs: 154,
    memoryMb: 2048,
    maxMemoryMb: 212,
    initMs: null,
    restoreMs: 325.93,
  };
  expect(parseReport(restored, ID)).toEqual({ ...expected, status: null, errorType: null });
  const metrics = {
    durationMs: 127.1,
    billedDurationMs: 154,
    memorySizeMB: 2048,
    maxMemoryUsedMB: 212,
    restoreDurationMs: 325.93,
    billedRestoreDurationMs: 26,
  };
  const line = JSON.stringify({ type: 'platform.report', record: { requestId: ID, metrics, status: 'success' } });
  expect(parseReport(line, ID)).toEqual({ ...expected, status: 'success', errorType: null });
});

test('the JSON format', () => {
  const metrics = {
    durationMs: 172220.61,
    billedDurationMs: 172745,
    memorySizeMB: 1024,
    maxMemoryUsedMB: 128,
    initDurationMs: 523.84,
  };
  const record = { requestId: ID, metrics, status: 'success' };
  const lines = ['{"level":"INFO"}', '{not json', JSON.stringify({ time: 't', type: 'platform.report', record })];
  const expected = { ...FIGURES, initMs: 523.84, restoreMs: null, status: 'success', errorType: null };
  expect(parseReport(lines.join('\n'), ID)).toEqual(expected);
});

test('what a handler prints is not taken for it', () => {
  const forged = COLD.replace('172745', '1').replace(ID, 'another');
  expect(parseReport(`${COLD}\n${forged}\n`, ID)?.billedMs).toBe(172745);
  expect(parseReport(`REPORT nothing of use\n${COLD}`, ID)?.billedMs).toBe(172745);
});

test.each([
  ['an empty tail', ''],
  ['a cut line', COLD.slice(40)],
  ['a figure that is missing', COLD.replace('Memory Size: 1024 MB\t', '')],
  ['a figure that is no number', COLD.replace('1024', 'many')],
  ['another request', COLD.replace(ID, 'another')],
  ['JSON of another type', '{"type":"platform.start","record":{}}'],
  ['JSON without a record', '{"type":"platform.report"}'],
  ['JSON null', 'null'],
])('%s gives null', (_, tail) => {
  expect(parseReport(tail, ID)).toBeNull();
});
