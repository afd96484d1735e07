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
  /** The pull request's newest commit; null where GitHub does not say. */
  readonly head: string | null;
}

/** `github-actions[bot]` on github.com: who GITHUB_TOKEN is, where it cannot be asked. */
const ACTIONS_BOT = 41_898_282;
const PAGE = 100;

// REST does not tell a GITHUB_TOKEN who it is; this does, for any token, with the newest commit in the same request.
const QUERY = `query ($owner: String!, $repo: String!, $pull: Int!, $after: String) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $pull) {
      headRefOid
      comments(first: ${PAGE}, after: $after) {
        nodes { fullDatabaseId url body viewerDidAuthor }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`;

interface Node {
  readonly fullDatabaseId: string | null;
  readonly url: string;
  readonly body: string;
  readonly viewerDidAuthor: boolean;
}

interface Answer {
  readonly repository: {
    readonly pullRequest: {
      readonly headRefOid: string;
      readonly comments: {
        readonly nodes: readonly (Node | null)[] | null;
        readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
      };
    } | null;
  } | null;
}

function ownOf(id: number, url: string, body: string, tag: string): readonly Own[] {
  const marker = markerOf(body);
  return marker?.tag === tag && Number.isSafeInteger(id) ? [{ id, url, body, marker }] : [];
}

async function byGraphql(client: GithubClient, target: Target, tag: string): Promise<Found | null> {
  const own: Own[] = [];
  let head: string | null = null;
  for (let after: string | null = null; ; ) {
    const answer: Answer = await client.graphql<Answer>(QUERY, { ...target, after });
    const pull = answer.repository?.pullRequest;
    if (pull == null) return null;
    head = pull.headRefOid;
    for (const node of pull.comments.nodes ?? []) {
      if (node?.viewerDidAuthor)
        own.push(...ownOf(Number(node.fullDatabaseId ?? Number.NaN), node.url, node.body, tag));
    }
    const { hasNextPage, endCursor } = pull.comments.pageInfo;
    if (!hasNextPage || endCursor === null) return { own, head };
    after = endCursor;
  }
}

/** The token is taken for that of the job: ours is what the bot wrote. */
async function byRest(client: GithubClient, { owner, repo, pull }: Target, tag: string): Promise<Found> {
  const list = client.rest.issues.listComments;
  const comments = await client.paginate(list, { owner, repo, issue_number: pull, per_page: PAGE });
  const own = comments.flatMap(({ id, html_url, body = '', user }) =>
    user?.id === ACTIONS_BOT ? ownOf(id, html_url, body, tag) : [],
  );
  if (own.length === 0) return { own, head: null };
  const { data } = await client.rest.pulls.get({ owner, repo, pull_number: pull });
  return { own, head: data.head.sha };
}

/** A server without GraphQL, a token that may not use it, or a schema that is not github.com's. */
function isWithoutGraphql(thrown: unknown): boolean {
  const status = statusOf(thrown);
  return status === 403 || status === 404 || (thrown instanceof Error && thrown.name === 'GraphqlResponseError');
}

/**
 * Our comments of one tag, over all pages.
 * @throws AyciError `environment` where GitHub refuses
 */
export async function findOwn(client: GithubClient, target: Target, tag: string): Promise<Found> {
  let found: Found | null = null;
  try {
    found = await byGraphql(client, target, tag);
  } catch (thrown) {
    if (!isWithoutGraphql(thrown)) throw thrown;
  }
  found ??= await byRest(client, target, tag);
  return { own: [...found.own].sort((a, b) => a.id - b.id), head: found.head };
}
