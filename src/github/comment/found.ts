import { type Marker, markerOf } from '../../report/comment/marker.ts';
import { type GithubClient, statusOf } from '../client.ts';

export interface Target {
  readonly owner: string;
  readonly repo: string;
  /** The pull request's number. */
  readonly pull: number;
}

/** A comment of ours: its marker is in the first line, and we wrote it. */
export interface Own {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly marker: Marker;
}

export interface Found {
  /** The oldest first: that one is kept. */
  readonly own: readonly Own[];
  /** The pull request's newest commit, where it had to be asked. */
  readonly head: string | null;
}

/** `github-actions[bot]` on github.com: who GITHUB_TOKEN is, where it cannot be asked. */
const ACTIONS_BOT = 41_898_282;
/** GitHub's limit of nodes in a query. */
const MOST_NODES = 100;

const QUERY = `query ($ids: [ID!]!, $owner: String!, $repo: String!, $pull: Int!) {
  nodes(ids: $ids) { ... on IssueComment { id viewerDidAuthor } }
  repository(owner: $owner, name: $repo) { pullRequest(number: $pull) { headRefOid } }
}`;

interface Answer {
  readonly nodes: readonly ({ readonly id?: string; readonly viewerDidAuthor?: boolean } | null)[];
  readonly repository: { readonly pullRequest: { readonly headRefOid: string } | null } | null;
}

/** A comment with our marker, by anybody. */
interface Candidate extends Own {
  readonly node: string;
  readonly author: number | null;
}

/** Finds our comments of one tag. It remembers whose a comment is: each is asked for once. */
export class Finder {
  readonly #client: GithubClient;
  readonly #target: Target;
  readonly #tag: string;
  readonly #ours = new Map<string, boolean>();
  #head: string | null = null;

  constructor(client: GithubClient, target: Target, tag: string) {
    this.#client = client;
    this.#target = target;
    this.#tag = tag;
  }

  /** A comment that was made by this run needs no asking. */
  isOurs(node: string): void {
    this.#ours.set(node, true);
  }

  /** @throws AyciError `environment` where GitHub refuses */
  async find(): Promise<Found> {
    const candidates = await this.#candidates();
    const unknown = candidates.filter(({ node }) => !this.#ours.has(node));
    for (let at = 0; at < unknown.length; at += MOST_NODES) await this.#ask(unknown.slice(at, at + MOST_NODES));
    const own = candidates.filter(({ node }) => this.#ours.get(node) === true);
    return { own: own.sort((a, b) => a.id - b.id), head: this.#head };
  }

  async #candidates(): Promise<Candidate[]> {
    const { owner, repo, pull } = this.#target;
    const { rest } = this.#client;
    const found: Candidate[] = [];
    const pages = this.#client.paginate.iterator(rest.issues.listComments, {
      ...{ owner, repo, issue_number: pull, per_page: 100 },
    });
    for await (const { data } of pages) {
      for (const { id, node_id, html_url, body = '', user } of data) {
        const marker = markerOf(body);
        if (marker?.tag !== this.#tag) continue;
        found.push({ id, url: html_url, body, marker, node: node_id, author: user?.id ?? null });
      }
    }
    return found;
  }

  async #ask(candidates: readonly Candidate[]): Promise<void> {
    const ids = candidates.map(({ node }) => node);
    let answer: Answer;
    try {
      answer = await this.#client.graphql<Answer>(QUERY, { ids, ...this.#target });
    } catch (thrown) {
      // A comment that was deleted meanwhile is an error beside the answer for the others.
      const partial = (thrown as { readonly data?: Partial<Answer> | null }).data;
      if (Array.isArray(partial?.nodes)) answer = { nodes: partial.nodes, repository: partial.repository ?? null };
      else if ([403, 404].includes(statusOf(thrown) ?? 0) || partial !== undefined) return this.#guess(candidates);
      else throw thrown;
    }
    for (const { node } of candidates) this.#ours.set(node, false);
    for (const node of answer.nodes) {
      if (node?.id !== undefined) this.#ours.set(node.id, node.viewerDidAuthor === true);
    }
    this.#head = answer.repository?.pullRequest?.headRefOid ?? this.#head;
  }

  /** Where GraphQL is refused, the token is taken for that of the job: whose comments are those of the bot. */
  async #guess(candidates: readonly Candidate[]): Promise<void> {
    for (const { node, author } of candidates) this.#ours.set(node, author === ACTIONS_BOT);
    const { owner, repo, pull } = this.#target;
    const { data } = await this.#client.rest.pulls.get({ owner, repo, pull_number: pull });
    this.#head = data.head.sha;
  }
}
