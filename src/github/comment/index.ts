import { asAyciError, explain } from '../../errors.ts';
import { type Marker, markerOf } from '../../report/comment/marker.ts';
import { type GithubClient, isUnclear, statusOf } from '../client.ts';
import { Finder, type Found, type Own, type Target } from './found.ts';
import { mayReplace, sameText } from './order.ts';

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

/** Runs that end together make several comments: so often it is looked whether one is left. */
const ROUNDS = 6;

class Publisher {
  readonly #client: GithubClient;
  readonly #target: Target;
  readonly #comment: PostedComment;
  readonly #marker: Marker;
  readonly #finder: Finder;

  constructor(client: GithubClient, target: Target, comment: PostedComment) {
    const { tag, commit, runId, attempt } = comment;
    this.#client = client;
    this.#target = target;
    this.#comment = comment;
    this.#marker = markerOf(comment.body) ?? { tag, commit, runId, attempt };
    this.#finder = new Finder(client, target, tag);
  }

  async publish(): Promise<Published> {
    const found = await this.#finder.find();
    if (found.own.length > 0) return this.#place(found);
    if (this.#comment.mode === 'changes' && !this.#comment.news) return { url: null, action: 'skipped', warning: null };
    const made = await this.#create();
    return this.#agree(made);
  }

  /** One of ours is there: it is brought to what is newest, and what is beside it is removed. */
  async #place({ own, head }: Found): Promise<Published> {
    const [kept, ...others] = own;
    if (kept === undefined) throw new Error('no comment to place into');
    const newest = own.reduce((a, b) => (mayReplace(b.marker, a.marker, head) ? b : a));
    const ours = mayReplace(this.#marker, newest.marker, head);
    const body = ours ? this.#comment.body : newest.body;
    const changed = !sameText(kept.body, body) || (!ours && kept !== newest);
    if (changed) await this.#edit(kept, body);
    for (const other of others) await this.#remove(other);
    if (!ours) return { url: kept.url, action: 'skipped', warning: null };
    return { url: kept.url, action: changed ? 'updated' : 'unchanged', warning: null };
  }

  /**
   * After making one: if others did the same at the same time, the oldest comment stays, the newest result is written
   * into it by its own run, and every run removes its own.
   */
  async #agree(made: Own): Promise<Published> {
    let url = made.url;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { own, head } = await this.#finder.find();
      const kept = own[0];
      if (kept === undefined) break;
      url = kept.url;
      const rivals = own.filter(({ id }) => id !== made.id);
      const newest = rivals.every(({ marker }) => mayReplace(this.#marker, marker, head));
      if (newest && !sameText(kept.body, this.#comment.body)) {
        await this.#edit(kept, this.#comment.body);
        // Another run may write into it at this moment: look again before the own one is removed.
        continue;
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
      this.#finder.isOurs(data.node_id);
      return { id: data.id, url: data.html_url, body, marker: this.#marker };
    } catch (thrown) {
      if (!isUnclear(thrown)) throw thrown;
      // It may have been made all the same: made again, there were two.
      const { own } = await this.#finder.find();
      const made = own.find(
        ({ marker }) => marker.runId === this.#marker.runId && marker.attempt === this.#marker.attempt,
      );
      if (made === undefined) throw thrown;
      return made;
    }
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
 * Two runs that edit the same comment in the same moment: GitHub has no compare-and-swap, the later request stays.
 */
export async function publishComment(client: GithubClient, target: Target, comment: PostedComment): Promise<Published> {
  if (comment.mode === 'never') return { url: null, action: 'skipped', warning: null };
  try {
    return await new Publisher(client, target, comment).publish();
  } catch (thrown) {
    return { url: null, action: 'skipped', warning: `no comment on the pull request: ${explain(asAyciError(thrown))}` };
  }
}
