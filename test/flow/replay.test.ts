import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderArchive } from '../../src/archive/folder.ts';
import { entryOf, readHistory } from '../../src/archive/history.ts';
import { findModel } from '../../src/archive/models.ts';
import type { Scope } from '../../src/archive/records.ts';
import { alreadyOnBase, type GithubBaseline, githubBaseline } from '../../src/github/baseline/index.ts';
import { historyPath } from '../../src/stages/history.ts';
import type { MeasureRequest } from '../../src/types/protocol.ts';
import type { Report } from '../../src/types/report.ts';
import { type Event, pullRequestEvent, pushEvent } from '../support/events.ts';
import { flow } from '../support/flow.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type CheckoutOptions, checkout, GIT_ENV, Origin } from '../support/git-repo.ts';
import { tinyOnnx } from '../support/onnx.ts';
import { uniform } from '../support/random.ts';
import { measured, scriptedLambda } from '../support/scripted-lambda.ts';

const COMMITS = 200;
const SEED = 1;
/** About 400 runs of the workflow, each with a clone of its own; ms. */
const TIME_LIMIT = 900_000;
const MODEL = 'models/m.onnx';
const CLONES: readonly CheckoutOptions[] = [
  { depth: 1 },
  { depth: 2 },
  { depth: 0 },
  { depth: 1, filter: 'blob:none' },
];

/** A state of main: its commit and its files. */
interface State {
  readonly commit: string;
  readonly model: Uint8Array;
  readonly readme: string;
}

/** What a pull request does: to the model, and since which state of main. */
interface Change {
  readonly cut: State;
  readonly model: Uint8Array;
  readonly waived: boolean;
}

const base: Scope = { write: 'o/r/base', read: ['o/r/base'] };
const shaOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a replay of 200 commits with reverts, waivers, admin merges and stale branches', () => {
  it('charges every slowdown to the pull request and the push that made it, and to no other', {
    timeout: TIME_LIMIT,
  }, async () => {
    await using folder = await temporaryFolder();
    const origin = new Origin(folder.path);
    const work = join(folder.path, 'work');
    const path = join(work, MODEL);
    const archive = join(folder.path, 'archive');
    const store = folderArchive(archive);
    const costs = new Map<string, number>();
    const random = uniform(SEED);
    const among = <T>(ones: readonly T[]): T => ones[Math.floor(random() * ones.length)] as T;

    /** Another model that takes `cost`. */
    const modelOf = (cost: number): Uint8Array => {
      const bytes = tinyOnnx({ inputs: [{ name: 'x', dims: [`N${costs.size}`, 3] }] });
      costs.set(shaOf(bytes), cost);
      return bytes;
    };
    const costOf = (model: Uint8Array): number => costs.get(shaOf(model)) ?? Number.NaN;
    await using lambda = await scriptedLambda((request) => {
      if (request.op !== 'measure') throw new Error('no conversion was expected');
      const cost = (role: string): number => {
        const subject = (request as MeasureRequest).subjects.find((one) => one.role === role);
        return costs.get(subject?.artifact.files[0]?.sha256 ?? '') ?? 1;
      };
      return measured(request, cost('candidate') / cost('baseline'));
    });

    const history = async () => (await readHistory(store, base, 'main', historyPath(path))).entries;

    /** One run of the workflow: checkout, choice of the baseline, the whole flow. */
    const run = async (
      { env, payload }: Event,
      commit: string,
      options: { readonly push?: string; readonly waived: boolean; readonly clone: CheckoutOptions },
    ): Promise<{ readonly report: Report; readonly found: GithubBaseline }> => {
      await rm(work, { recursive: true, force: true });
      checkout(origin, work, commit, options.clone);
      let found: GithubBaseline | null = null;
      const ownBaseline = async (model: string) => {
        const entries = await history();
        const own = await githubBaseline(model, {
          env: { ...GIT_ENV, ...env },
          payload,
          token: null,
          history: async () => entries,
          has: async (key) => (await findModel(store, base, key)) !== null,
        });
        found = own;
        const { ref, commit: by, from, note, branch } = own;
        const standing = (key: string) =>
          branch === null ? null : alreadyOnBase(entries, branch, { commit: by, key });
        return { ref, commit: by, from, note, standing };
      };
      const raw = { model: path, archive, optimizer: 'vanilla', ...(options.waived ? { 'fail-on': 'never' } : {}) };
      const where = options.push === undefined ? { pullRequest: true as const } : { push: { branch: 'main', commit } };
      const report = await flow(folder.path, lambda.target, raw, { ...where, ownBaseline });
      if (found === null) throw new Error('the run did not look for its baseline');
      return { report, found };
    };
    /** What a change of cost has to be called; those that are near the limit are not made. */
    const expected = (before: Uint8Array, after: Uint8Array): string => {
      const ratio = costOf(after) / costOf(before);
      return ratio > 1.09 ? 'regressed' : ratio < 0.92 ? 'improved' : 'pass';
    };
    const isClear = (before: Uint8Array, after: Uint8Array): boolean => {
      const ratio = costOf(after) / costOf(before);
      return ratio > 1.1 || (ratio > 0.98 && ratio < 1.02) || ratio < 0.9;
    };

    const first = modelOf(10);
    const root = origin.commit([], { [MODEL]: first, readme: '0' });
    origin.point('main', root);
    const states: State[] = [{ commit: root, model: first, readme: '0' }];
    await run(pushEvent('0'.repeat(40), root), root, { push: root, waived: false, clone: { depth: 1 } });

    const changed = (tip: State): Change => {
      const kind = random();
      const stale = random() < 0.5 ? (states.at(-1 - Math.floor(random() * Math.min(20, states.length))) ?? tip) : tip;
      const own = tip.model;
      // What git could not merge no pull request runs on.
      const cut = kind < 0.3 || stale.model === own ? stale : tip;
      const to = (cost: number, waived = false): Change => ({ cut, model: modelOf(cost), waived });
      const cost = costOf(own);
      if (kind < 0.3) return { cut, model: cut.model, waived: false };
      if (kind < 0.45) return to(cost * (0.99 + 0.02 * random()));
      if (kind < 0.65) return to(cost * (1.12 + 0.4 * random()), random() < 0.3);
      if (kind < 0.8) return to(cost * (0.6 + 0.25 * random()));
      const former = among(states).model;
      return { cut, model: isClear(own, former) ? former : own, waived: false };
    };

    const seen = { slow: 0, failed: 0, waived: 0, stale: 0, admin: 0, unrecorded: 0, already: 0, reverts: 0 };
    const wrong: string[] = [];
    const check = (what: string, { report, found }: Awaited<ReturnType<typeof run>>, want: string): void => {
      const said = `${report.verdict} ${found.note ?? ''}`.trim();
      if (said !== want) wrong.push(`${what}: ${said}, not ${want}`);
    };
    while (states.length < COMMITS) {
      const tip = states.at(-1) as State;
      const { cut, model, waived } = changed(tip);
      const isUntouched = model === cut.model;
      const after = isUntouched ? tip.model : model;
      const readme = `${states.length}`;
      const head = origin.commit([cut.commit], { [MODEL]: model, readme: cut.readme, [`f${readme}`]: readme });
      const merge = origin.commit([tip.commit, head], { [MODEL]: after, readme: tip.readme, [`f${readme}`]: readme });
      const clone = among(CLONES);
      const want = expected(tip.model, after);
      // GitHub's word for the base is as old as the branch.
      const event = pullRequestEvent(merge, head, cut.commit);
      const byHead = random() < 0.15;
      const run1 = await run(event, byHead ? head : merge, { waived, clone: byHead ? { depth: 0 } : clone });
      const wanted = byHead ? expected(cut.model, model) : want;
      check(`pull request ${readme}`, run1, wanted);
      if (run1.found.commit !== (byHead ? cut : tip).commit) wrong.push(`pull request ${readme}: ${run1.found.how}`);
      const gate = run1.report.gate === 'failed';
      if (gate !== (wanted === 'regressed' && !waived)) wrong.push(`pull request ${readme}: gate ${run1.report.gate}`);

      const onBase = entryOf(await history(), tip.commit);
      if (onBase !== null && !onBase.accepted) {
        const isSaid = run1.report.run.notes.some((note) => note.startsWith('Already on main'));
        // By its head it may be judged by a commit before that one.
        if (!isSaid && !byHead) wrong.push(`pull request ${readme}: not already on main`);
        seen.already += 1;
      }
      seen.slow += want === 'regressed' ? 1 : 0;
      seen.failed += gate ? 1 : 0;
      seen.waived += waived ? 1 : 0;
      seen.stale += cut.commit === tip.commit ? 0 : 1;
      seen.reverts += !isUntouched && states.some((one) => one.model === model) ? 1 : 0;
      if (gate && random() < 0.5) continue;
      seen.admin += gate ? 1 : 0;

      const files = { [MODEL]: after, readme };
      const commit = origin.commit(random() < 0.5 ? [tip.commit, head] : [tip.commit], files, readme);
      origin.point('main', commit);
      states.push({ commit, model: after, readme });
      // Some runs of main are cancelled: their commits are not in the history.
      if (random() < 0.1) {
        seen.unrecorded += 1;
      } else {
        const pushed = await run(pushEvent(tip.commit, commit), commit, { push: commit, waived, clone });
        check(`push ${readme}`, pushed, want);
        const accepted = entryOf(await history(), commit)?.accepted;
        if (accepted !== (want !== 'regressed' || waived)) wrong.push(`push ${readme}: accepted ${accepted}`);
      }
      if (states.length % 10 === 0) {
        const again = { ...event, env: { ...event.env, GITHUB_RUN_ATTEMPT: '2' } };
        const run2 = await run(again, byHead ? head : merge, { waived, clone: { depth: 0 } });
        check(`re-run of pull request ${readme}`, run2, wanted);
        if (run2.found.commit !== run1.found.commit) wrong.push(`re-run of pull request ${readme}: ${run2.found.how}`);
      }
    }
    expect(wrong).toEqual([]);
    // The replay had what it is for.
    for (const [what, count] of Object.entries(seen)) expect([what, count > 5]).toEqual([what, true]);
  });
});
