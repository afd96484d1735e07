import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import type { Invocation } from '../../ports.ts';
import type { RuntimeResponse } from '../../types/protocol.ts';
import { classifyFunctionError } from './failure.ts';
import { parseReport } from './report.ts';
import { shown } from './shown.ts';

/** What a function answered to the request with this nonce. */
export function readAnswer(output: InvokeCommandOutput, nonce: string): Invocation {
  const tail = Buffer.from(output.LogResult ?? '', 'base64').toString();
  const report = parseReport(tail, output.$metadata.requestId);
  const payload = new TextDecoder().decode(output.Payload);
  if (output.FunctionError !== undefined) {
    return { ok: false, failure: classifyFunctionError(payload, report), report };
  }
  let response: RuntimeResponse | null;
  try {
    response = JSON.parse(payload) as RuntimeResponse | null;
  } catch {
    const message = `the runtime's answer is not JSON: ${shown(payload, 80)}`;
    return { ok: false, failure: { code: 'protocol', message }, report };
  }
  // A retry or a proxy that mixed two answers up must never become a measurement.
  if (response?.nonce !== nonce) {
    const given = shown(JSON.stringify(response?.nonce) ?? 'none', 80);
    const message = `the runtime answered another request: nonce ${given}, expected ${nonce}`;
    return { ok: false, failure: { code: 'protocol', message }, report };
  }
  return { ok: true, response, report };
}
