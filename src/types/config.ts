import { LIBRARIES, OPTIMIZER_TABLE, type Optimizer, type RuntimeName } from './engines.ts';

export { FRAMEWORKS, type Framework, type Optimizer, type RuntimeName } from './engines.ts';

/** Lambda's own names of its two architectures. */
export const HARDWARE = ['x86_64', 'arm64'] as const;
export type Hardware = (typeof HARDWARE)[number];

export const OPTIMIZERS = Object.keys(OPTIMIZER_TABLE) as readonly Optimizer[];

/** Whether an optimizer changes the model before it is served. */
export function isConverting(optimizer: Optimizer): boolean {
  return optimizer !== 'vanilla';
}

/** The optimizers that do. */
export const CONVERTING: readonly Optimizer[] = OPTIMIZERS.filter(isConverting);

export const RUNTIME_NAMES = Object.keys(LIBRARIES) as readonly RuntimeName[];

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
