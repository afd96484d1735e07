import { type Configuration, type Hardware, MB_PER_VCPU, type Optimizer } from '../types/config.ts';

/** What a target can run, as far as a cell can collide with it. */
export interface Limits {
  readonly hardware: readonly Hardware[];
  readonly maxVcpus: number;
  readonly maxMemoryMb: number;
  readonly fractionalCpu: boolean;
  readonly fractionalCpuRemedy: string | null;
}

export interface Axes {
  readonly hardware: readonly Hardware[];
  readonly optimizers: readonly Optimizer[];
  readonly memoriesMb: readonly number[];
  readonly batches: readonly number[];
}

/** Every configuration of the axes, the same optimizer and memory side by side. */
export function configurations(axes: Axes): readonly Configuration[] {
  return axes.hardware.flatMap((hardware) =>
    axes.optimizers.flatMap((optimizer) =>
      axes.memoriesMb.flatMap((memoryMb) => axes.batches.map((batch) => ({ hardware, optimizer, memoryMb, batch }))),
    ),
  );
}

/** Threads by Lambda's share of CPU: 1,769 MB are one vCPU. */
export function threadsOf(memoryMb: number): number {
  return Math.max(1, Math.round(memoryMb / MB_PER_VCPU));
}

/** Why a configuration cannot run on a target, or null. */
export function impossibleOn(limits: Limits, config: Configuration): string | null {
  const vcpus = config.memoryMb / MB_PER_VCPU;
  if (!limits.hardware.includes(config.hardware)) {
    return `this machine is ${limits.hardware.join(', ')}, not ${config.hardware}`;
  }
  if (vcpus > limits.maxVcpus + 0.01) {
    return `${config.memoryMb} MB come with ${vcpus.toFixed(2)} vCPUs on Lambda; this machine has ${limits.maxVcpus}`;
  }
  if (config.memoryMb > limits.maxMemoryMb) {
    return `this machine has ${limits.maxMemoryMb} MB of memory to give`;
  }
  if (!limits.fractionalCpu && Math.abs(vcpus - Math.round(vcpus)) > 0.01) {
    const remedy = limits.fractionalCpuRemedy === null ? '' : `: ${limits.fractionalCpuRemedy}`;
    return `${vcpus.toFixed(2)} vCPU cannot be enforced here${remedy}`;
  }
  return null;
}
