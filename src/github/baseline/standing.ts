import { entryOf, type HistoryEntry, standings } from '../../archive/history.ts';
import type { ModelKey } from '../../types/model.ts';

const short = (commit: string): string => commit.slice(0, 7);

/**
 * What a base branch has against itself: its model is slower, dearer or larger than the last one that its gate let pass.
 * Nobody's pull request is charged with it.
 * @param base the baseline: its commit, and its model's key where the history does not have that commit
 * @returns a note for the report, or null
 */
export function alreadyOnBase(
  entries: readonly HistoryEntry[],
  branch: string,
  base: { readonly commit: string | null; readonly key: ModelKey | null },
): string | null {
  const own = base.commit === null ? null : entryOf(entries, base.commit);
  const at = own === null ? entries.findLastIndex(({ key }) => key === base.key) : entries.lastIndexOf(own);
  const standing = standings(entries);
  if (at < 0 || standing[at] !== false) return null;
  const last = standing.lastIndexOf(true, at);
  const since = entries[last + 1];
  if (since === undefined) return null;
  const than = last < 0 ? 'what it was judged by' : `its last accepted commit ${short(entries[last]?.commit ?? '')}`;
  const blame = 'This change is judged by its own base and not charged with it.';
  return since.verdict === 'unmeasured'
    ? `Already on ${branch}: since ${short(since.commit)} the model could not be measured there. ${blame}`
    : `Already on ${branch}: since ${short(since.commit)} it is worse itself than ${than}. ${blame}`;
}
