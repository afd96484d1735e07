import { createHash } from 'node:crypto';

/** What tells one report of a workflow run from the others. */
export interface ReportIdentity {
  /** The comment's tag. */
  readonly tag: string;
  /** `GITHUB_JOB`: the same for all legs of a matrix. */
  readonly job: string;
  /** `GITHUB_RUN_ATTEMPT`. */
  readonly attempt: string;
  /** What differs between legs: the inputs and the runner. */
  readonly of: unknown;
}

const PREFIX = 'ayci-report-';
const NAME = /^ayci-report-([A-Za-z0-9._-]{1,170})-(\d{1,9})-([0-9a-f]{12})(?:\.(\d{1,2}))?$/;

/** GitHub takes no `" : < > | * ? \ /` in names; of what is left only what needs no quoting anywhere. */
function legal(text: string, longest: number): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, longest) || '_';
}

/**
 * Name of a report's artifact, unlike those of other attempts and other legs: names are unique in a workflow run, and
 * what has one never changes. The same leg has the same digest in each attempt.
 */
export function artifactName({ tag, job, attempt, of }: ReportIdentity): string {
  const digest = createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 12);
  const number = /^\d{1,9}$/.test(attempt) ? attempt : '1';
  return `${PREFIX}${legal(tag, 64)}-${legal(job, 100)}-${number}-${digest}`;
}

/** A report's artifact by its name: which leg's, and of which attempt. Null for any other artifact. */
export function parseArtifactName(name: string): { readonly leg: string; readonly attempt: number } | null {
  const [, where, attempt, digest, again] = NAME.exec(name) ?? [];
  if (where === undefined) return null;
  return { leg: `${where}-${digest}${again === undefined ? '' : `.${again}`}`, attempt: Number(attempt) };
}

/** Name of the page alone beside its report; `ayci-report*` does not find it. It ends as the file must for a browser. */
export function pageName(report: string): string {
  return `ayci-page-${report.startsWith(PREFIX) ? report.slice(PREFIX.length) : report}.html`;
}
