import { describe, expect, it } from 'vitest';
import { entryOf, type HistoryEntry, nearestEntry, standings } from '../../../src/archive/history.ts';
import { alreadyOnBase } from '../../../src/github/baseline/index.ts';

const commit = (digit: string) => digit.repeat(40);
const key = (letter: string) => `${letter.repeat(64)}-9`;

/** Entries of one branch in words: commit, model, against what, how it went. */
function history(...lines: readonly string[]): readonly HistoryEntry[] {
  return lines.map((line, index) => {
    const [at = '', own = '', against = '', verdict = '', gate = ''] = line.split(' ');
    return {
      commit: commit(at),
      key: key(own),
      verdict: verdict as HistoryEntry['verdict'],
      accepted: gate === 'accepted',
      at: new Date(Date.UTC(2026, 0, 1, index)).toISOString(),
      ...(against === '?' ? {} : { against: against === '-' ? null : key(against) }),
    };
  });
}

const FIRST = '1 a - no-baseline accepted';
const SLOW = '2 b a regressed failed';

describe('what is accepted in effect', () => {
  it.each([
    ['all that passed', [FIRST, '2 b a pass accepted', '3 c b improved accepted'], [true, true, true]],
    ['not what failed', [FIRST, SLOW], [true, false]],
    ['not the same model again', [FIRST, SLOW, '3 b b pass accepted'], [true, false, false]],
    ['not what is as slow', [FIRST, SLOW, '3 c b pass accepted', '4 d c pass accepted'], [true, false, false, false]],
    ['not what could not be decided', [FIRST, SLOW, '3 c b inconclusive accepted'], [true, false, false]],
    ['what got faster', [FIRST, SLOW, '3 c b improved accepted', '4 d c pass accepted'], [true, false, true, true]],
    ['what went back', [FIRST, SLOW, '3 a b pass accepted'], [true, false, true]],
    [
      'what a waiver lets be slower',
      [FIRST, SLOW, '3 b a regressed accepted', '4 c b pass accepted'],
      [true, false, true, true],
    ],
    [
      'entries that do not say against what',
      [FIRST, '2 b ? regressed failed', '3 b ? pass accepted'],
      [true, false, false],
    ],
    [
      'entries that do not say, of another model',
      [FIRST, '2 b ? regressed failed', '3 c ? pass accepted'],
      [true, false, true],
    ],
  ])('%s', (_, lines, expected) => {
    expect(standings(history(...lines))).toEqual(expected);
  });
});

describe('already on main', () => {
  const entries = history(
    FIRST,
    '2 b a pass accepted',
    '3 c b regressed failed',
    '4 d c pass accepted',
    '5 e d improved accepted',
  );

  it('names since when, and the last that was accepted', () => {
    for (const at of ['3', '4']) {
      expect(alreadyOnBase(entries, 'main', { commit: commit(at), key: null })).toBe(
        'Already on main: since 3333333 it is worse itself than its last accepted commit 2222222. This change is judged by its own base and not charged with it.',
      );
    }
  });

  it('knows a base that was not recorded by its model', () => {
    expect(alreadyOnBase(entries, 'main', { commit: commit('9'), key: key('d') })).toContain('since 3333333');
    expect(alreadyOnBase(entries, 'main', { commit: commit('9'), key: key('f') })).toBeNull();
    expect(alreadyOnBase([], 'main', { commit: null, key: null })).toBeNull();
  });

  it('says nothing of a base that is accepted', () => {
    for (const at of ['1', '2', '5']) {
      expect(alreadyOnBase(entries, 'main', { commit: commit(at), key: null })).toBeNull();
    }
  });

  it('calls a model that could not be measured that, not slow', () => {
    const broken = history(FIRST, '2 b a unmeasured failed');
    expect(alreadyOnBase(broken, 'main', { commit: commit('2'), key: null })).toContain('could not be measured there');
    const always = history('1 a - unmeasured failed');
    expect(alreadyOnBase(always, 'main', { commit: commit('1'), key: null })).toContain('since 1111111');
  });
});

describe('looking commits up', () => {
  it('takes the newest entry of a commit, and the nearest of a lineage', () => {
    const entries = history(FIRST, '2 b a unmeasured failed', '2 b a pass accepted');
    expect(entryOf(entries, commit('2'))?.accepted).toBe(true);
    expect(entryOf(entries, commit('3'))).toBeNull();
    const lineage = ['4', '3', '1'].map(commit);
    expect(nearestEntry(entries, lineage)).toEqual({ entry: entries[0], distance: 2 });
    expect(nearestEntry(entries, [])).toBeNull();
  });
});
