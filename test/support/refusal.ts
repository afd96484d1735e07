import { AyciError, explain } from '../../src/errors.ts';

/** The whole line that a user reads where work is refused. @throws Error where it is not, or by another kind of error */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AyciError)) throw new Error(`no AyciError: ${String(thrown)}`);
  return explain(thrown);
}
