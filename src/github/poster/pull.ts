import type { GithubClient } from '../client.ts';
import { refusedBy } from './api.ts';
import type { Head, MeasuredRun } from './event.ts';

export type FoundPull = { readonly number: number } | { readonly none: string };

/**
 * The open pull request whose head a run was of. GitHub's event names none where it comes from a fork, so it is looked
 * up by branch, and kept only where its newest commit is the one that was measured.
 *
 * @throws AyciError `environment` where GitHub refuses
 */
export async function findPull(client: GithubClient, { owner, repo }: MeasuredRun, head: Head): Promise<FoundPull> {
  const query = { owner, repo, state: 'open', head: `${head.owner}:${head.branch}`, per_page: 100 } as const;
  const answer = await client.request('GET /repos/{owner}/{repo}/pulls', query).catch((thrown: unknown) => {
    throw refusedBy(thrown, `pull requests of ${owner}/${repo}`, 'pull-requests: write');
  });
  const open = answer.data.filter(
    (pull) => pull.head.repo?.id === head.repositoryId && pull.base.repo.id === head.baseRepositoryId,
  );
  const [found, another] = open.filter((pull) => pull.head.sha === head.sha);
  const at = head.sha.slice(0, 12);
  if (another !== undefined) return { none: `several open pull requests have ${at} as their head` };
  if (found !== undefined) return { number: found.number };
  return {
    none:
      open.length > 0 ? `the pull request has newer commits than ${at}` : `no open pull request has ${at} as its head`,
  };
}
