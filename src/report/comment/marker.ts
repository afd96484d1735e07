import { AyciError } from '../../errors.ts';

/** Whose comment it is, and of which run: written in its first line, where readers do not see it. */
export interface Marker {
  readonly tag: string;
  /** The pull request's own commit; null where it is not known. */
  readonly commit: string | null;
  readonly runId: number;
  readonly attempt: number;
}

const TAG = /^[A-Za-z0-9._-]{1,64}$/;
const COMMIT = /^[0-9a-f]{7,64}$/;
const LINE = /^<!-- ayci tag=([A-Za-z0-9._-]{1,64}) commit=([0-9a-f]{7,64}|none) run=(\d{1,15})\.(\d{1,6}) -->$/;

/**
 * The first line of a comment.
 * @throws AyciError `bad-input` for a tag that GitHub's comments could not be told apart by, `internal` for a commit or
 *   a run that is none
 */
export function markerLine({ tag, commit, runId, attempt }: Marker): string {
  const got = (value: unknown): string => JSON.stringify(value)?.slice(0, 100) ?? 'nothing';
  if (!TAG.test(tag)) {
    const allowed = 'at most 64 letters, digits, dots, dashes and underscores';
    throw new AyciError('bad-input', `comment-tag: not a tag, got ${got(tag)}; expected ${allowed}`);
  }
  if (commit !== null && !COMMIT.test(commit)) {
    throw new AyciError('internal', `comment: not a commit, got ${got(commit)}; expected its SHA`);
  }
  const line = `<!-- ayci tag=${tag} commit=${commit ?? 'none'} run=${runId}.${attempt} -->`;
  if (!LINE.test(line)) {
    throw new AyciError('internal', `comment: not a run, got ${got([runId, attempt])}; expected its id and attempt`);
  }
  return line;
}

/** The marker of a comment's body, or null where its first line is none. What is quoted or indented is none. */
export function markerOf(body: string): Marker | null {
  const end = body.indexOf('\n');
  // An edit in the browser leaves lines that end in \r\n.
  const found = LINE.exec((end === -1 ? body : body.slice(0, end)).replace(/\r$/, ''));
  if (found === null) return null;
  const [, tag = '', commit = '', runId, attempt] = found;
  return { tag, commit: commit === 'none' ? null : commit, runId: Number(runId), attempt: Number(attempt) };
}

/** Below zero where `a` is of an older run or attempt than `b`. */
export function byRun(a: Marker, b: Marker): number {
  return a.runId - b.runId || a.attempt - b.attempt;
}
