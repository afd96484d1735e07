import { type PosterApi, type PosterWorld, posterApi } from './poster-api.ts';
import { examplePull, startPrism } from './prism.ts';
import { recordingProxy } from './recording-proxy.ts';

const REPO = '/repos/{owner}/{repo}';
/** Redirects, which Prism follows itself, and raw blobs, which GitHub's description leaves to its documentation. */
const UNDESCRIBED = /^\/repos\/o\/r\/(actions\/artifacts\/\d+\/zip|git\/blobs\/[0-9a-f]{40})$/;
/** What of GitHub's description is in use; the whole of it takes Prism 11 s to read. */
const PATHS = [
  `${REPO}/pulls`,
  `${REPO}/pulls/{pull_number}`,
  `${REPO}/actions/runs/{run_id}/artifacts`,
  `${REPO}/git/trees/{tree_sha}`,
  `${REPO}/issues/{issue_number}/comments`,
  `${REPO}/issues/comments/{comment_id}`,
];

export interface DescribedPosterApi extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** The server behind it. */
  readonly api: PosterApi;
}

/** The API behind a proxy that holds requests and answers to GitHub's own description; both end with this process. */
export async function describedPosterApi(world: PosterWorld): Promise<DescribedPosterApi> {
  const api = await posterApi({ ...world, wholePull: examplePull() });
  const prism = await startPrism(PATHS, api.url);
  const front = await recordingProxy(({ url }) => (UNDESCRIBED.test(url) ? api.url : prism.url));
  api.requests.length = 0;
  return {
    ...{ url: front.endpoint, api },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await prism[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}
