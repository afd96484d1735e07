import type { Where } from '../../ports.ts';
import { type Hardware, MB_PER_VCPU, RUNTIME_NAMES } from '../../types/config.ts';
import type { FunctionSpec } from './function.ts';
import type { LocalRuntimes } from './runtimes.ts';

/** A measure request ends by its own deadline well before. */
const MEASURE_SECONDS = 90;
const CONVERT_SECONDS = 900;

export interface FunctionsOptions {
  readonly runtimes: LocalRuntimes;
  readonly hardware: Hardware;
  /** MB of this machine, all of which a conversion may have. */
  readonly hostMb: number;
  readonly region: string;
  /** Of a measure request. */
  readonly timeoutSeconds: number | undefined;
}

/** What a function runs, once it is prepared. */
export type Prepared = Pick<FunctionSpec, 'python' | 'folder'>;

/** The name of the function that serves a request. */
export function nameOf({ framework, hardware, memoryMb, light }: Where, converts: boolean): string {
  // On Lambda one converter does both; here the light ones need no environment of their own.
  return converts
    ? `ayci-${framework}-${light ? 'light' : 'convert'}-${hardware}`
    : `ayci-${framework}-${hardware}-${memoryMb}`;
}

/** The embedded Lambda's functions, by name. Null: no such function, or its environment is not prepared. */
export function findFunction(
  name: string,
  { runtimes, hardware, hostMb, region, timeoutSeconds = MEASURE_SECONDS }: FunctionsOptions,
  ready: ReadonlyMap<string, Prepared>,
): FunctionSpec | null {
  const match = /^ayci-([a-z]+)-(convert-|light-)?(x86_64|arm64)(?:-(\d{3,5}))?$/.exec(name);
  const runtime = RUNTIME_NAMES.find((one) => one === match?.[1]);
  if (match === null || runtime === undefined || match[3] !== hardware) return null;
  const converts = match[2] !== undefined;
  const environment = converts ? runtimes.converterOf(runtime, match[2] === 'light-') : runtime;
  const prepared = ready.get(environment);
  if (prepared === undefined || converts === (match[4] !== undefined)) return null;
  const memoryMb = converts ? hostMb : Number(match[4]);
  return {
    name,
    memoryMb,
    timeoutMs: (converts ? CONVERT_SECONDS : timeoutSeconds) * 1000,
    cpus: converts ? null : memoryMb / MB_PER_VCPU,
    capMb: converts ? null : memoryMb,
    ...prepared,
    handler: environment === runtime ? 'app.handler' : 'convert_app.handler',
    pythonPath: prepared.folder,
    region,
  };
}
