import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AyciError } from '../errors.ts';
import type { Where } from '../ports.ts';
import type { Hardware } from '../types/config.ts';
import type { Place } from '../types/engines.ts';
import { FAILURE_OF_ERROR, type Failure } from '../types/measurement.ts';
import type { ConvertRequest, ConvertResponse, ConvertSlots } from '../types/protocol.ts';
import { type Caller, callConvert, paid } from './call.ts';
import { located } from './locate.ts';
import { asConvertResult } from './validate.ts';

/** What a converter is asked, and on which hardware it runs. */
export interface Conversion {
  readonly on: Hardware;
  readonly light?: true;
  readonly request: Omit<ConvertRequest, 'protocol' | 'nonce' | 'output'>;
}

export type ConversionResult =
  | { readonly ok: true; readonly response: ConvertResponse }
  | { readonly ok: false; readonly failure: Failure }
  /** A budget ended before it could be said. */
  | { readonly ok: false; readonly cut: string };

/** Memory with which converters run: they are not what is measured. */
const CONVERTER_MB = 10_240;

/** Where a conversion runs. */
export function converterAt({ runtime, light }: Pick<Place, 'runtime' | 'light'>, hardware: Hardware): Where {
  return { hardware, memoryMb: CONVERTER_MB, framework: runtime, ...(light && { light }) };
}

function whereOf({ on, light, request }: Conversion): Where {
  return converterAt({ runtime: request.framework, ...(light && { light }) }, on);
}

/**
 * Converts one model into a folder of this machine. A refusal is a result, not a crash.
 * @param output `file:` URL of the folder
 */
export async function convertModel(caller: Caller, conversion: Conversion, output: string): Promise<ConversionResult> {
  const cut = caller.budget.exhausted();
  if (cut !== null) return { ok: false, cut };
  const { request } = conversion;
  return callConvert(caller, whereOf(conversion), { ...request, protocol: 1, output });
}

/** Where a conversion that goes on elsewhere leaves its files and its result. */
export interface Drop {
  /** Places of its own for each sending, signed. */
  output(): Promise<ConvertSlots>;
  /** The bytes of the last sending's result, or null while there are none. */
  result(): Promise<Uint8Array | null>;
}

const POLL_FIRST_MS = 500;
const POLL_MOST_MS = 3000;
/** A converter's own time limit, and what starting it and uploading take. */
const GIVE_UP_MS = 960_000;

function readResult(bytes: Uint8Array, nonce: string): ConversionResult {
  let json: unknown = null;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // Said below.
  }
  const result = asConvertResult(json);
  if (result === null || result.nonce !== nonce) {
    return { ok: false, failure: { code: 'protocol', message: 'the converter left a result that does not fit' } };
  }
  if (!('errorType' in result)) return { ok: true, response: result };
  const code = FAILURE_OF_ERROR[result.errorType] ?? 'conversion-failed';
  return { ok: false, failure: { code, message: result.errorMessage } };
}

/**
 * Converts one model on a converter that takes longer than a request may stay open: it is sent as an event, and its
 * result is looked for until it is there.
 * @throws AyciError `interrupted` where the signal is aborted
 */
export async function convertElsewhere(caller: Caller, conversion: Conversion, drop: Drop): Promise<ConversionResult> {
  const cut = caller.budget.exhausted();
  if (cut !== null) return { ok: false, cut };
  const where = whereOf(conversion);
  let nonce = '';
  const make = async (): Promise<ConvertRequest> => {
    nonce = randomUUID();
    return located({ ...conversion.request, protocol: 1, nonce, output: await drop.output() }, caller.locate);
  };
  let result: ConversionResult | null = null;
  await paid(caller, where, async (sent) => {
    let failure = await caller.target.submit(where, make, caller.signal);
    // Nobody knows whether it was taken: the second one has places of its own, so a first one that runs does no harm.
    if (failure?.code === 'connection-lost') failure = await caller.target.submit(where, make, caller.signal);
    sent();
    result = failure === null ? await poll(caller, drop, () => nonce) : { ok: false, failure };
    return { ok: false, failure: failure ?? NO_ANSWER, report: null };
  });
  return result ?? { ok: false, failure: NO_ANSWER };
}

/** A converter tells its own end, by time or memory: silence is the platform's. */
const NO_ANSWER: Failure = {
  code: 'connection-lost',
  message: `the converter left no result within ${GIVE_UP_MS / 60_000} minutes`,
};

async function poll(caller: Caller, drop: Drop, nonce: () => string): Promise<ConversionResult> {
  const start = performance.now();
  for (let wait = POLL_FIRST_MS; performance.now() - start < GIVE_UP_MS; wait = Math.min(wait * 1.3, POLL_MOST_MS)) {
    await sleep(wait, undefined, { signal: caller.signal }).catch(() => undefined);
    if (caller.signal.aborted) throw new AyciError('interrupted', 'interrupted');
    const bytes = await drop.result();
    if (bytes !== null) return readResult(bytes, nonce());
    const cut = caller.budget.exhausted();
    if (cut !== null) return { ok: false, cut };
  }
  return { ok: false, failure: NO_ANSWER };
}
