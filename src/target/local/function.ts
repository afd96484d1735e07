/** One function of the embedded Lambda: what a deployed function's configuration is. */
export interface FunctionSpec {
  readonly name: string;
  /** Shown in REPORT, and as AWS_LAMBDA_FUNCTION_MEMORY_SIZE. */
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** CPU share that a sandbox gets after its init; null: all there is. */
  readonly cpus: number | null;
  /** MB of data that a sandbox can have, `memoryMb` or more; null: all there is. */
  readonly capMb: number | null;
  readonly python: string;
  /** The handler's folder. */
  readonly folder: string;
  readonly handler: string;
  /** Further import path, the runtimes' common code. */
  readonly pythonPath: string;
  readonly region: string;
}

/** The function's ARN, of an account that does not exist. */
export function arnOf(spec: FunctionSpec): string {
  return `arn:aws:lambda:${spec.region}:000000000000:function:${spec.name}`;
}
