import { AyciError } from '../errors.ts';
import type { Framework, Hardware, Optimizer } from '../types/config.ts';
import type { Failure } from '../types/measurement.ts';
import type { Artifact, ConvertResponse } from '../types/protocol.ts';
import { type Caller, callConvert } from './call.ts';

export interface Conversion {
  readonly framework: Framework;
  readonly optimizer: Optimizer;
  readonly hardware: Hardware;
  readonly artifact: Artifact;
  /** Folder (`file:` URL) for the result. */
  readonly output: string;
}

export type ConversionResult =
  | { readonly ok: true; readonly response: ConvertResponse }
  | { readonly ok: false; readonly failure: Failure };

/** Memory with which converters run: they are not what is measured. */
const CONVERTER_MB = 10_240;

/** Whether an optimizer changes the model before it is served. */
export function isConverting(optimizer: Optimizer): boolean {
  return optimizer !== 'vanilla';
}

/** Converts one model for one optimizer. A refusal is a result, not a crash. */
export async function convertModel(caller: Caller, conversion: Conversion): Promise<ConversionResult> {
  const { framework, optimizer, hardware, artifact, output } = conversion;
  const cut = caller.budget.exhausted();
  if (cut !== null) throw new AyciError('target', `conversion for ${optimizer} was not started: ${cut}`);
  const where = { hardware, memoryMb: CONVERTER_MB, framework };
  return callConvert(caller, where, { protocol: 1, op: 'convert', framework, optimizer, artifact, output });
}
