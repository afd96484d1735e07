import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { readAnswer } from '../../../../src/target/lambda/answer.ts';

function answer(payload: string, more: object = {}): InvokeCommandOutput {
  return { $metadata: {}, StatusCode: 200, Payload: new TextEncoder().encode(payload), ...more } as InvokeCommandOutput;
}

test('an answer with the nonce that was sent is a response', () => {
  const read = readAnswer(answer('{"nonce":"n","op":"measure"}'), 'n');
  expect(read).toEqual({ ok: true, response: { nonce: 'n', op: 'measure' }, report: null });
});

test.each([
  ['no JSON', '<html>', /not JSON: <html>$/],
  ['nothing', '', /not JSON: $/],
  ['half of it', '{"nonce":"n"', /not JSON/],
  ['null', 'null', /nonce none, expected n$/],
  ['a list', '["n"]', /nonce none/],
  ['text', '"n"', /nonce none/],
  ['another nonce', '{"nonce":"m"}', /nonce "m", expected n$/],
  ['a nonce that no text is', '{"nonce":{"toString":1}}', /nonce \{"toString":1\}, expected n$/],
  ['a long nonce', `{"nonce":"${'m'.repeat(5000)}"}`, /^.{50,200}$/],
])('%s is none', (_, payload, message) => {
  const read = readAnswer(answer(payload), 'n');
  expect(read).toMatchObject({ ok: false, failure: { code: 'protocol', message: expect.stringMatching(message) } });
});

test('an error of the function is typed, with the report beside it', () => {
  const line =
    'REPORT RequestId: r\tDuration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 512 MB\tMax Memory Used: 500 MB\t';
  const payload = JSON.stringify({
    errorType: 'Runtime.ExitError',
    errorMessage: 'Runtime exited with error: exit status 1',
  });
  const more = {
    FunctionError: 'Unhandled',
    LogResult: Buffer.from(line).toString('base64'),
    $metadata: { requestId: 'r' },
  };
  expect(readAnswer(answer(payload, more), 'n')).toMatchObject({
    ok: false,
    failure: { code: 'out-of-memory' },
    report: { billedMs: 2, maxMemoryMb: 500 },
  });
});
