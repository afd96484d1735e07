/** Lambda's own names of its two architectures. */
export const HARDWARE = ['x86_64', 'arm64'] as const;
export type Hardware = (typeof HARDWARE)[number];

/** `vanilla`: the framework as it is; `onnx`: ONNX Runtime with its graph optimizations. */
export const OPTIMIZERS = ['vanilla', 'onnx'] as const;
export type Optimizer = (typeof OPTIMIZERS)[number];

/** Whether an optimizer changes the model before it is served. */
export function isConverting(optimizer: Optimizer): boolean {
  return optimizer !== 'vanilla';
}

export const FRAMEWORKS = ['onnx'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** One point of the matrix. A cell is one configuration of one model. */
export interface Configuration {
  readonly hardware: Hardware;
  readonly optimizer: Optimizer;
  /** Lambda's memory size in MB (MiB); it also sets the CPU share: 1,769 MB are one vCPU. */
  readonly memoryMb: number;
  /** Items per inference. */
  readonly batch: number;
}

/** MB of memory that buy one vCPU on Lambda. */
export const MB_PER_VCPU = 1769;

export const ROLES = ['candidate', 'baseline'] as const;
export type Role = (typeof ROLES)[number];
