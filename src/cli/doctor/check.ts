import { asAyciError, explain } from '../../errors.ts';

/** One line of the doctor's table. */
export interface Check {
  readonly what: string;
  readonly state: 'ok' | 'limited' | 'missing';
  readonly detail: string;
}

export function ok(what: string, detail: string): Check {
  return { what, state: 'ok', detail };
}

/** `ok` with what the work says, or `missing` with why it failed and what to do. */
export async function tried(what: string, work: () => Promise<string>): Promise<Check> {
  try {
    return ok(what, await work());
  } catch (thrown) {
    return { what, state: 'missing', detail: explain(asAyciError(thrown)) };
  }
}
