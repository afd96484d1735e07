import * as v from 'valibot';
import { AyciError } from '../errors.ts';
import type { ArchiveStore } from '../ports.ts';
import { STATES } from '../types/verdict.ts';
import { decodeJson, encodeJson } from './json.ts';
import { layout } from './keys.ts';
import { type Format, readFirst, update } from './objects.ts';
import type { Scope } from './records.ts';

/** Entries that are kept of a branch's model: the newest. */
export const HISTORY_LENGTH = 500;

const text = v.pipe(v.string(), v.maxLength(4096));
const entry = v.strictObject({
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{7,64}$/)),
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}-\d{1,15}$/)),
  verdict: v.picklist(STATES),
  /** Whether the gate let it pass. */
  accepted: v.boolean(),
  /** The model that it was judged against; null: none. Entries of older versions do not say. */
  against: v.optional(v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}-\d{1,15}$/)))),
  at: v.pipe(text, v.isoTimestamp()),
});
const history = v.strictObject({ schema: v.literal(1), entries: v.array(entry) });

/** A push to the base branch that was measured. */
export type HistoryEntry = Readonly<v.InferOutput<typeof entry>>;

const FORMAT: Format<readonly HistoryEntry[]> = {
  decode(bytes) {
    const decoded = decodeJson(bytes, 1, history);
    return decoded.ok ? { ok: true, value: decoded.value.entries } : decoded;
  },
  encode: (entries) => encodeJson({ schema: 1, entries }),
};

function keysOf(prefix: string, branch: string, path: string): readonly string[] {
  const at = layout(prefix);
  return [at.history(branch, path), at.historyBeside(branch, path)];
}

function basePrefix(scope: Scope): string {
  const [base] = scope.read;
  if (base === undefined) throw new AyciError('internal', 'archive: a scope that reads nothing');
  return base;
}

export interface History {
  /** The oldest first. */
  readonly entries: readonly HistoryEntry[];
  /** Objects that were passed over, and why. */
  readonly notes: readonly string[];
}

/** What became of a model on a branch, as runs on the base branch wrote it: pull requests read it too. */
export async function readHistory(store: ArchiveStore, scope: Scope, branch: string, path: string): Promise<History> {
  const { value, notes } = await readFirst(store, keysOf(basePrefix(scope), branch, path), FORMAT);
  return { entries: value ?? [], notes };
}

/**
 * Appends to it; runs that write at the same time lose nothing, and one that is there already is not added again.
 * @throws AyciError `internal` where the run may write what pull requests write
 */
export async function appendHistory(
  store: ArchiveStore,
  scope: Scope,
  branch: string,
  path: string,
  added: HistoryEntry,
): Promise<void> {
  const base = basePrefix(scope);
  if (scope.write !== base) {
    throw new AyciError('internal', `archive: the history is of ${base}, and this run writes ${scope.write}`);
  }
  const same = (one: HistoryEntry): boolean =>
    one.commit === added.commit && one.key === added.key && one.at === added.at;
  await update(store, keysOf(base, branch, path), FORMAT, (before) => {
    const entries = before ?? [];
    if (entries.some(same)) return entries;
    const sorted = [...entries, added].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    return sorted.slice(-HISTORY_LENGTH);
  });
}

/** The newest entry of a commit, or null; a re-run adds another, of the same model. */
export function entryOf(entries: readonly HistoryEntry[], commit: string): HistoryEntry | null {
  return entries.findLast((one) => one.commit === commit) ?? null;
}

/** The entry of the first commit of a lineage (the youngest first) that has one, and how far down it is. */
export function nearestEntry(
  entries: readonly HistoryEntry[],
  lineage: readonly string[],
): { readonly entry: HistoryEntry; readonly distance: number } | null {
  for (const [distance, commit] of lineage.entries()) {
    const entry = entryOf(entries, commit);
    if (entry !== null) return { entry, distance };
  }
  return null;
}

/**
 * Whether each entry is accepted in effect. A run is judged by the commit before it, and what follows an unaccepted slow
 * model and is as slow passes: it is accepted, and yet no better than that one was. A run that got faster, or slower by a
 * waiver, ends this.
 */
export function standings(entries: readonly HistoryEntry[]): readonly boolean[] {
  const ofKey = new Map<string, boolean>();
  return entries.map((entry, index) => {
    const before = entries[index - 1];
    const against = entry.against ?? (before?.key === entry.key ? before.key : null);
    const asBefore = entry.verdict === 'pass' || entry.verdict === 'inconclusive' || entry.verdict === 'unmeasured';
    const back = against !== entry.key && ofKey.get(entry.key) === true;
    const inherited = !asBefore || back || against === null || (ofKey.get(against) ?? true);
    const standing = entry.accepted && inherited;
    ofKey.set(entry.key, standing);
    return standing;
  });
}
