import { AyciError } from '../../errors.ts';
import { type Framework, HARDWARE, type Hardware, type Optimizer } from '../../types/config.ts';

/** A function of the embedded Lambda: what starts when it is invoked, and within which limits. */
export interface FunctionSpec {
  readonly name: string;
  /** What the REPORT line and the billing say. */
  readonly memoryMb: number;
  /** Whether that memory caps the sandbox and sets its CPU share. */
  readonly limited: boolean;
  readonly timeoutSeconds: number;
  readonly python: string;
  /** The sandbox's working folder, in which `handler` is found. */
  readonly folder: string;
  readonly pythonPath: string;
  readonly handler: string;
}

/** Which runtime folder serves a framework, and the package that its name in reports is taken from. */
const RUNTIMES: Readonly<Record<Framework, { readonly folder: string; readonly library: string }>> = {
  onnx: { folder: 'onnx', library: 'onnxruntime' },
};

/** The runtime that serves a framework (every optimizer of it, today). */
export function runtimeOf(framework: Framework, _optimizer?: Optimizer): { folder: string; library: string } {
  return RUNTIMES[framework];
}

/** `ayci-onnx-x86_64-1769`; conversions have the whole host: `ayci-onnx-convert-x86_64`. */
export function functionName(runtime: string, hardware: Hardware, memoryMb: number | 'convert'): string {
  return memoryMb === 'convert' ? `ayci-${runtime}-convert-${hardware}` : `ayci-${runtime}-${hardware}-${memoryMb}`;
}

/** A function's name taken apart again; null where it is not one of ours. */
export function parseFunctionName(
  name: string,
): { runtime: string; hardware: Hardware; memoryMb: number | 'convert' } | null {
  const match = /^ayci-([a-z]+)-(?:(convert)-)?(x86_64|arm64)(?:-(\d+))?$/.exec(name);
  const hardware = HARDWARE.find((known) => known === match?.[3]);
  const runtime = match?.[1];
  if (runtime === undefined || hardware === undefined) return null;
  if ((match?.[2] === undefined) === (match?.[4] === undefined)) return null;
  return { runtime, hardware, memoryMb: match?.[4] === undefined ? 'convert' : Number(match[4]) };
}

/** The host's architecture by Lambda's name; an error that names a container where AYCI cannot run by itself. */
export function hostHardware(platform: string = process.platform, architecture: string = process.arch): Hardware {
  const hardware = ({ x64: 'x86_64', arm64: 'arm64' } as const)[architecture];
  if (platform === 'linux' && hardware !== undefined) return hardware;
  throw new AyciError(
    'bad-input',
    `host: cannot run models here, got ${platform}/${architecture}; expected linux/x64 or linux/arm64`,
    {
      hint: 'Run AYCI in a container such as `docker run --rm -it -v "$PWD:/work" -w /work node:24-bookworm bash`.',
    },
  );
}
