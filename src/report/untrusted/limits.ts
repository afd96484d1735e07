/** What a report that others made may hold. A pull request with more than this has more than a reader can look at. */
export const LIMITS = {
  /** Bytes of report.json. */
  bytes: 20_000_000,
  models: 500,
  /** Of all models together. */
  cells: 20_000,
  /** Entries of a list or record that a model or the run has. */
  entries: 1000,
  /** Characters of a text; what is longer is cut. */
  characters: 2000,
  /** Characters of a name within a record. */
  name: 200,
} as const;
