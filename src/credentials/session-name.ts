import { createHash } from 'node:crypto';

/** What STS takes. */
const LONGEST = 64;

/**
 * The name that CloudTrail shows for what a run did: `owner=repository@run.attempt`. Neither `=` nor `@` is in a
 * repository's name. Where it is too long the repository is cut and followed by `+` and eight digits of its SHA-256.
 */
export function sessionName(repository: string, runId: string, attempt: string): string {
  const legal = (text: string): string => text.replaceAll('/', '=').replace(/[^\w=.-]/g, '-');
  const tail = `@${legal(runId).slice(0, 24)}.${legal(attempt).slice(0, 6)}`;
  const whole = legal(repository);
  const most = LONGEST - tail.length;
  if (whole.length <= most) return `${whole}${tail}`;
  const digest = createHash('sha256').update(repository).digest('hex').slice(0, 8);
  return `${whole.slice(0, most - 9)}+${digest}${tail}`;
}
