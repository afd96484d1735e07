import { setTimeout as wait } from 'node:timers/promises';
import { AyciError, asAyciError, explain } from '../../errors.ts';
import { byRun, type Marker, markerOf } from '../../report/comment/marker.ts';
import { type GithubClient, isUnclear, statusOf } from '../client.ts';
import { type Found, findOwn, type Own, type Target } from './found.ts';
import { mayReplace, type Said, saysSame } from './order.ts';

export type { Target } from './found.ts';

export interface PostedComment {
  readonly tag: string;
  /** Begins with the marker of this tag, commit, run and attempt. */
  readonly body: string;
  readonly commit: string | null;
  readonly runId: number;
  readonly attempt: number;
  readonly mode: 'always' | 'changes' | 'never';
  /** Whether it says anything but "the same": with `changes` no comment is made without. */
  readonly news: boolean;
}

export interface Published {
  readonly url: string | null;
  readonly action: 'created' | 'updated' | 'unchanged' | 'skipped';
  /** What kept the comment from being made, with the mend; a finished run stays as green or red as it was. */
  readonly warning: string | null;
}

/** Runs that end together write over each other: so often a run looks whether what is newest is there. */
const ROUNDS = 5;
/** A request of another run that is still on its way is in by then. */
const SETTLE_MS = 1000;

class Publisher {
  readonly #client: GithubClient;
  readonly #target: Target;
  readonly #comment: PostedComment;
  readonly #marker: Marker;
  readonly #settleMs: number;

  constructor(client: GithubClient, target: Target, comment: PostedComment, settleMs: number) {
    const { tag, commit, runId, attempt } = comment;
    this.#client = client;
    this.#target = target;
    this.#comment = comment;
    this.#marker = { tag, commit, runId, attempt };
    this.#settleMs = settleMs;
  }

  async publish(): Promise<Published> {
    const written = markerOf(this.#comment.body);
    if (written === null || written.tag !== this.#marker.tag || byRun(written, this.#marker) !== 0) {
      // Without it the next run would not find this comment, and make another.
      throw new AyciError(
        'internal',
        'comment: its first line is not its marker, got another; expected that of its run',
      );
    }
    const found = await this.#find();
    if (found.own.length === 0) return this.#begin();
    try {
      return await this.#place(found);
    } catch (thrown) {
      if (statusOf(thrown) !== 404) throw thrown;
    }
    // Somebody deleted it between the two requests.
    const again = await this.#find();
    return again.own.length === 0 ? this.#begin() : this.#place(again);
  }

  async #begin(): Promise<Published> {
    if (this.#comment.mode === 'changes' && !this.#comment.news) return { url: null, action: 'skipped', warning: null };
    return this.#agree(await this.#create());
  }

  /** One of ours is there: it is brought to what is newest, and what is beside it is removed. */
  async #place({ own, head }: Found): Promise<Published> {
    const [kept, ...others] = own;
    if (kept === undefined) throw new Error('no comment to place into');
    const newest = own.reduce((a, b) => (mayReplace(b.marker, a.marker, head) ? b : a));
    const ours = mayReplace(this.#marker, newest.marker, head);
    const wanted = ours ? this.#said() : newest;
    const changed = !saysSame(kept, wanted);
    if (changed) await this.#edit(kept, wanted.body);
    for (const other of others) await this.#remove(other);
    if (!ours) return { url: kept.url, action: 'skipped', warning: null };
    if (changed) await this.#hold(kept, head);
    return { url: kept.url, action: changed ? 'updated' : 'unchanged', warning: null };
  }

  /** GitHub has no compare-and-swap: an older run that wrote into it at the same moment is written over again. */
  async #hold(kept: Own, head: string | null): Promise<void> {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await wait(this.#settleMs);
      const { owner, repo } = this.#target;
      const { data } = await this.#client.rest.issues.getComment({ owner, repo, comment_id: kept.id });
      const there = markerOf(data.body ?? '');
      if (there === null || mayReplace(there, this.#marker, head)) return;
      await this.#edit(kept, this.#comment.body);
    }
  }

  /**
   * After making one: if others did the same at the same time, the oldest comment stays, the newest result is written
   * into it by its own run, and every run removes its own.
   */
  async #agree(made: Own): Promise<Published> {
    let url = made.url;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { own, head } = await this.#find();
      const kept = own[0];
      if (kept === undefined) break;
      url = kept.url;
      const newest = own.every(({ marker }) => mayReplace(this.#marker, marker, head));
      const behind = !mayReplace(kept.marker, this.#marker, head);
      if (newest && behind && !saysSame(kept, this.#said())) {
        await this.#edit(kept, this.#comment.body);
        await wait(this.#settleMs);
        // Looked at again before the own one is removed: it shows the others that something newer is there.
        if (round < ROUNDS) continue;
      }
      if (kept.id !== made.id && own.some(({ id }) => id === made.id)) await this.#remove(made);
      break;
    }
    return { url, action: 'created', warning: null };
  }

  async #create(): Promise<Own> {
    const { owner, repo, pull } = this.#target;
    const { body } = this.#comment;
    try {
      const { data } = await this.#client.rest.issues.createComment({ owner, repo, issue_number: pull, body });
      return { id: data.id, url: data.html_url, ...this.#said() };
    } catch (thrown) {
      if (!isUnclear(thrown)) throw thrown;
      // It may have been made all the same: made again, there were two.
      const { own } = await this.#find();
      const made = own.find(({ marker }) => byRun(marker, this.#marker) === 0);
      if (made === undefined) throw thrown;
      return made;
    }
  }

  #find(): Promise<Found> {
    return findOwn(this.#client, this.#target, this.#comment.tag);
  }

  #said(): Said {
    return { marker: this.#marker, body: this.#comment.body };
  }

  async #edit(comment: Own, body: string): Promise<void> {
    const { owner, repo } = this.#target;
    await this.#client.rest.issues.updateComment({ owner, repo, comment_id: comment.id, body });
  }

  async #remove(comment: Own): Promise<void> {
    const { owner, repo } = this.#target;
    try {
      await this.#client.rest.issues.deleteComment({ owner, repo, comment_id: comment.id });
    } catch (thrown) {
      // Another run, or a person, was faster.
      if (statusOf(thrown) !== 404) throw thrown;
    }
  }
}

/**
 * Posts a comment, or edits the one that is there: one a tag, found by its marker and its author over all pages. An
 * older commit, run or attempt never takes the place of a newer. Never throws for what GitHub refuses.
 *
 * @param settleMs how long after an edit it is looked whether an older run wrote over it
 */
export async function publishComment(
  client: GithubClient,
  target: Target,
  comment: PostedComment,
  settleMs = SETTLE_MS,
): Promise<Published> {
  if (comment.mode === 'never') return { url: null, action: 'skipped', warning: null };
  try {
    return await new Publisher(client, target, comment, settleMs).publish();
  } catch (thrown) {
    return { url: null, action: 'skipped', warning: `no comment on the pull request: ${explain(asAyciError(thrown))}` };
  }
}
