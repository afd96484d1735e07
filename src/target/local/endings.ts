import type { FunctionSpec } from './function.ts';
import type { Usage } from './report.ts';
import type { SandboxAnswer } from './sandbox.ts';

const EXIT_ERROR = 'Runtime.ExitError';
const OUT_OF_MEMORY = 'Runtime.OutOfMemory';

type Ended = Pick<Usage, 'errorType'>;
type Ending = Omit<SandboxAnswer, 'log'> & Pick<Usage, 'status'>;

/** How a process ended; `message` where it could not even be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly message: string | null;
}

/** What allocators and Python say when there is no more memory, before they abort. */
const NO_MEMORY =
  /\bMemoryError\b|std::bad_alloc|[Cc]annot allocate memory|Failed to allocate memory|could not create a memory object|Memory allocation still failed|[Oo]ut of memory|OOM when allocating|Must be non NULL/;

/** Signals by the names that Lambda's messages have. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
  SIGBUS: 'bus error',
  SIGILL: 'illegal instruction',
  SIGFPE: 'floating point exception',
  SIGTERM: 'terminated',
};

function ending(errorType: string, errorMessage: string, status: 'timeout' | 'error'): Ending {
  const payload = Buffer.from(JSON.stringify({ errorType, errorMessage }));
  return { payload, functionError: true, status, errorType };
}

export function timedOut(requestId: string, limitMs: number): Ending {
  const seconds = (limitMs / 1000).toFixed(2);
  return ending(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
    'timeout',
  );
}

export function tooLarge(requestId: string): Ending {
  const message = `RequestId: ${requestId} Error: Response payload size exceeded maximum allowed payload size (6291556 bytes).`;
  return ending('Function.ResponseSizeTooLarge', message, 'error');
}

/**
 * The end of a runtime in the middle of a request. Under a limit of memory one that said so in its last words
 * ended for it; Lambda knows from its kernel.
 */
export function exited(requestId: string, exit: Exit | null, capped: boolean, log: string): Ending {
  const reason =
    exit?.message ??
    (exit?.signal != null
      ? `Runtime exited with error: signal: ${SIGNALS[exit.signal] ?? exit.signal}`
      : exit?.code
        ? `Runtime exited with error: exit status ${exit.code}`
        : 'Runtime exited without providing a reason');
  const type = capped && NO_MEMORY.test(log) ? OUT_OF_MEMORY : EXIT_ERROR;
  return ending(type, `RequestId: ${requestId} Error: ${reason}`, 'error');
}

/** Whether a process ended under a limit of memory and nothing says why: some libraries just follow a null pointer. */
export function isUnexplained({ errorType }: Ended, spec: Pick<FunctionSpec, 'capMb'>): boolean {
  return errorType === EXIT_ERROR && spec.capMb !== null;
}

/** The same end, of which it is known by now that more memory would have spared it. */
export function asOutOfMemory<Answer extends Pick<SandboxAnswer, 'payload' | 'log'>>(answer: Answer): Answer & Ended {
  const errorType = OUT_OF_MEMORY;
  const payload = Buffer.from(JSON.stringify({ ...JSON.parse(answer.payload.toString()), errorType }));
  const log = Buffer.from(answer.log.toString().replace(`Error Type: ${EXIT_ERROR}\t`, `Error Type: ${errorType}\t`));
  return { ...answer, payload, log, errorType };
}

/** An error that the runtime reported itself. */
export function reported(payload: Buffer): Ending {
  return { payload, functionError: true, status: null, errorType: null };
}

export function messageOf(payload: Buffer): string {
  const { errorMessage, errorType } = JSON.parse(payload.toString()) as { errorMessage: string; errorType: string };
  return `${errorMessage}\n${errorType}`;
}
