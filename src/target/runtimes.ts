import type { Framework } from '../types/config.ts';

/** The folder below `runtimes/` that serves a framework (also its part of function names), and the library that names it in reports. */
export interface Runtime {
  readonly folder: string;
  readonly library: string;
}

export const RUNTIMES: Readonly<Record<Framework, Runtime>> = {
  onnx: { folder: 'onnx', library: 'onnxruntime' },
};
