import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { commentsPage, type GithubApi, type Graphql, startGithubApi } from './github-api.ts';
import { examplePull, prismFolder, startPrism } from './prism.ts';

/** What of GitHub's description is in use; the whole of it takes Prism 11 s to read. */
const PATHS = [
  '/repos/{owner}/{repo}/issues/{issue_number}/comments',
  '/repos/{owner}/{repo}/issues/comments/{comment_id}',
  '/repos/{owner}/{repo}/pulls/{pull_number}',
];

interface GraphqlPackage {
  buildSchema(text: string, options: { readonly assumeValid: boolean; readonly assumeValidSDL: boolean }): unknown;
  graphql(task: {
    readonly schema: unknown;
    readonly source: string;
    readonly rootValue: unknown;
    readonly variableValues: Readonly<Record<string, unknown>>;
  }): Promise<unknown>;
}

interface CommentsArguments {
  readonly first: number;
  readonly after?: string | null;
}

/** Answers queries by GitHub's own schema: what that does not know is an error, as it is there. */
function describedGraphql(folder: string): Graphql {
  const { buildSchema, graphql } = createRequire(join(folder, 'package.json'))('graphql') as GraphqlPackage;
  const text = readFileSync(join(folder, 'node_modules/@octokit/graphql-schema/schema.graphql'), 'utf8');
  // GitHub's own text names a field twice, of a type that is not asked for.
  const schema = buildSchema(text, { assumeValid: true, assumeValidSDL: true });
  return (source, variableValues, world) => {
    const comments = ({ first, after }: CommentsArguments): unknown => {
      if (first > 100) throw new Error('Requesting more than 100 records on the `comments` connection');
      return commentsPage(world, first, after ?? null);
    };
    const { place, head } = world;
    const rootValue = {
      repository: ({ owner, name }: { readonly owner: string; readonly name: string }) =>
        owner !== place.owner || name !== place.repo
          ? null
          : {
              pullRequest: ({ number }: { readonly number: number }) =>
                number === place.pull ? { headRefOid: head, comments } : null,
            },
    };
    return graphql({ schema, source, rootValue, variableValues });
  };
}

/** The API behind a proxy that holds requests and answers to GitHub's own description. */
export interface DescribedGithubApi extends AsyncDisposable {
  /** The proxy's address. */
  readonly url: string;
  /** The server behind it. */
  readonly api: GithubApi;
}

/** Starts both on 127.0.0.1; they end with this process. */
export async function startDescribedGithubApi(): Promise<DescribedGithubApi> {
  const api = await startGithubApi({ graphql: describedGraphql(prismFolder()), pull: examplePull() });
  const prism = await startPrism(PATHS, api.url);
  api.origin = prism.url;
  api.requests.length = 0;
  return {
    ...{ url: prism.url, api },
    async [Symbol.asyncDispose]() {
      await prism[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}
