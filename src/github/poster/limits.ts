/** What an artifact of somebody else's run may be. */
export const LIMITS = {
  /** Artifacts of a run that are looked through. */
  artifacts: 1000,
  /** Of them, those that are read: a matrix has at most 256 jobs. */
  legs: 256,
  /** Bytes of one as it is stored. */
  compressed: 20_000_000,
  /** Bytes of all reports of a run, unpacked. */
  reports: 100_000_000,
  /** Bytes of one, unpacked: what its directory says. */
  unpacked: 100_000_000,
  entries: 50,
} as const;

/** Bytes in the words of a limit: `20 MB`. */
export function megabytes(bytes: number): string {
  return `${bytes / 1e6} MB`;
}
