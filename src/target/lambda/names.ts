import { HARDWARE, type Hardware } from '../../types/config.ts';

/** Tags that a deployed function carries. */
export const STACK_TAG = 'ayci:stack';
export const RUNTIME_TAG = 'ayci:runtime';
export const ROLE_TAG = 'ayci:role';
/** What names the runtime in reports: `onnxruntime 1.32.0`. */
export const VERSION_TAG = 'ayci:runtime-version';

export const FUNCTION_ROLES = ['measure', 'convert'] as const;
export type FunctionRole = (typeof FUNCTION_ROLES)[number];

/** Lambda's own bounds, MB. */
export const MIN_MEMORY_MB = 128;
export const MAX_MEMORY_MB = 10_240;

/** The function that measures. */
export function functionName(runtime: string, hardware: Hardware, memoryMb: number): string {
  return `ayci-${runtime}-${hardware}-${memoryMb}`;
}

/** The function that converts; one memory size does for all. */
export function converterName(runtime: string, hardware: Hardware): string {
  return `ayci-${runtime}-convert-${hardware}`;
}

export interface ParsedName {
  readonly runtime: string;
  readonly role: FunctionRole;
  readonly hardware: Hardware;
  /** Null for a converter. */
  readonly memoryMb: number | null;
}

const NAME = /^ayci-([a-z][a-z0-9]*)-(convert-)?(x86_64|arm64)(?:-([1-9]\d{2,4}))?$/;

/** What a function's name says of it, or null for a name of another form. */
export function parseName(name: string): ParsedName | null {
  const [, runtime, convert, written, memory] = NAME.exec(name) ?? [];
  const hardware = HARDWARE.find((one) => one === written);
  if (runtime === undefined || hardware === undefined) return null;
  const role: FunctionRole = convert === undefined ? 'measure' : 'convert';
  if ((role === 'measure') !== (memory !== undefined)) return null;
  const memoryMb = memory === undefined ? null : Number(memory);
  if (memoryMb !== null && (memoryMb < MIN_MEMORY_MB || memoryMb > MAX_MEMORY_MB)) return null;
  return { runtime, role, hardware, memoryMb };
}

/** What a stack is to serve. */
export interface Deployment {
  readonly stack: string;
  readonly region: string;
  readonly memoriesMb: readonly number[];
}

/** The command that gives a deployed stack functions of these sizes; its other parameters, the images too, stay. */
export function deployCommand({ stack, region, memoriesMb }: Deployment): string {
  const memories = [...new Set(memoriesMb)].sort((one, other) => one - other);
  return [
    `aws cloudformation deploy --region ${region} --stack-name ${stack}`,
    '--template-file runtimes/template.yaml --capabilities CAPABILITY_AUTO_EXPAND',
    `--parameter-overrides MemorySizes=${memories.join(',')}`,
  ].join(' ');
}
