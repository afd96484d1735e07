/** Lambda's own names of its two architectures. */
export const HARDWARE = ['x86_64', 'arm64'] as const;
export type Hardware = (typeof HARDWARE)[number];

/**
 * `vanilla`: the framework as it is; `onnx`: ONNX Runtime with its graph optimizations; `tvm`: compiled by TVM from the
 * framework's own graph, `onnx+tvm`: by way of ONNX; `openvino`; `onnx-int8`: quantized, on ONNX Runtime.
 */
export const OPTIMIZERS = ['vanilla', 'onnx', 'tvm', 'onnx+tvm', 'openvino', 'onnx-int8'] as const;
export type Optimizer = (typeof OPTIMIZERS)[number];

/** Whether an optimizer changes the model before it is served. */
export function isConverting(optimizer: Optimizer): boolean {
  return optimizer !== 'vanilla';
}

/** The optimizers that do. */
export const CONVERTING: readonly Optimizer[] = OPTIMIZERS.filter(isConverting);

/** Of models: what their files are. */
export const FRAMEWORKS = ['onnx', 'pytorch', 'tensorflow', 'mxnet'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** What serves or converts models: a folder below `runtimes/`, and its part of function names. */
export const RUNTIME_NAMES = ['onnx', 'pytorch', 'tensorflow', 'mxnet', 'tvm', 'openvino'] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

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
