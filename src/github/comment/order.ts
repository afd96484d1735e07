import { byRun, type Marker } from '../../report/comment/marker.ts';

/**
 * Whether a comment of `a` may take the place of one of `b`. The pull request's newest commit wins over any other; of
 * the rest the later run, and of one run the later attempt. Equals may.
 *
 * @param head the pull request's newest commit, null where it is not known
 */
export function mayReplace(a: Marker, b: Marker, head: string | null): boolean {
  if (head !== null && a.commit !== b.commit) {
    if (a.commit === head) return true;
    if (b.commit === head) return false;
  }
  return byRun(a, b) >= 0;
}

/** What a reader sees: not of which run it is, nor at which address the same report is. */
function readable(body: string): string {
  const lines = body.replaceAll('\r\n', '\n').trimEnd();
  const end = lines.indexOf('\n');
  return (end === -1 ? '' : lines.slice(end)).replace(
    /\/actions\/runs\/\d+(\/attempts\/\d+)?(\/artifacts\/\d+)?/g,
    '/actions/runs/',
  );
}

/** A comment's marker and body. */
export interface Said {
  readonly marker: Marker;
  readonly body: string;
}

/** Whether sending the second in the place of the first would tell a reader nothing new. */
export function saysSame(a: Said, b: Said): boolean {
  return a.marker.commit === b.marker.commit && readable(a.body) === readable(b.body);
}
