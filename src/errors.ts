/** Why a run ended early; a closed set. Each has its exit code. */
export const ERROR_CODES = [
  'bad-input',
  'model-invalid',
  'environment',
  'target',
  'archive',
  'interrupted',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** 2: the user can mend it in what was asked; 3: could not measure. */
export function exitCodeOf(code: ErrorCode): 2 | 3 {
  return code === 'bad-input' || code === 'model-invalid' ? 2 : 3;
}

export interface ErrorDetails {
  /** The next step, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class: what is wrong (`place: what, got value; expected allowed`), and what to do next. */
export class AyciError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AyciError';
    this.code = code;
    this.hint = details.hint ?? null;
  }
}

/** Any thrown thing as an AyciError, its cause kept. */
export function asAyciError(thrown: unknown): AyciError {
  if (thrown instanceof AyciError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AyciError('internal', message, { cause: thrown });
}

/** One line: message, hint and the chain of causes. */
export function explain(error: AyciError): string {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (!error.message.includes(cause.message)) causes.push(cause.message);
  }
  const because = causes.length > 0 ? ` (${causes.join(': ')})` : '';
  const message = /[.!?]$/.test(error.message) || error.hint === null ? error.message : `${error.message}.`;
  return `${message}${because}${error.hint === null ? '' : ` ${error.hint}`}`.replace(/\s*\n\s*/g, ' ');
}
