/** What one invocation took, for its REPORT line. */
export interface Usage {
  readonly requestId: string;
  readonly durationMs: number;
  /** Null for a warm sandbox. */
  readonly initMs: number | null;
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  readonly status: 'timeout' | 'error' | null;
  readonly errorType: string | null;
}

/** Lambda's REPORT line; like Lambda's, the init is part of what is billed. */
export function reportLine(usage: Usage): string {
  const billed = Math.ceil(usage.durationMs + (usage.initMs ?? 0));
  const fields = [
    `REPORT RequestId: ${usage.requestId}`,
    `Duration: ${usage.durationMs.toFixed(2)} ms`,
    `Billed Duration: ${billed} ms`,
    `Memory Size: ${usage.memoryMb} MB`,
    `Max Memory Used: ${usage.maxMemoryMb} MB`,
  ];
  if (usage.initMs !== null) fields.push(`Init Duration: ${usage.initMs.toFixed(2)} ms`);
  if (usage.status !== null) fields.push(`Status: ${usage.status}`);
  if (usage.errorType !== null) fields.push(`Error Type: ${usage.errorType}`);
  return `${fields.join('\t')}\t`;
}
