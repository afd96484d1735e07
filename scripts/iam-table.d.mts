/** A statement of a role's policy, as docs/aws.md shows it. */
export interface Grant {
  readonly title: string;
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly why: string | undefined;
}
/** The statements of each role, from runtimes/bootstrap.yaml and its comments. */
export function grants(): readonly Grant[];
/** The page with its tables made anew. */
export function withTables(page: string): string;
