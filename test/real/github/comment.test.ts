import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GithubClient, openClient } from '../../../src/github/client.ts';
import { type Published, publishComment } from '../../../src/github/comment/index.ts';
import { hasNews, renderComment } from '../../../src/report/comment/index.ts';
import { markerLine } from '../../../src/report/comment/marker.ts';
import type { Report } from '../../../src/types/report.ts';
import { BOT, STRANGER } from '../../support/github-api.ts';
import { type DescribedGithubApi, startDescribedGithubApi } from '../../support/github-api-described.ts';
import { modelOf, OPTIONS, pair, reportWith, richReport } from '../../unit/report/comment-report.ts';

const HEAD = 'f'.repeat(40);
const TARGET = { owner: 'o', repo: 'r', pull: 7 };

let github: DescribedGithubApi;
beforeAll(async () => {
  github = await startDescribedGithubApi();
});
afterAll(async () => {
  await github?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  github.api.comments.length = 0;
  github.api.requests.length = 0;
  github.api.fault = () => null;
});

function client(): Promise<GithubClient> {
  return openClient({ token: 'secret-token', apiUrl: github.url });
}

interface Run {
  readonly runId: number;
  readonly mode?: 'always' | 'changes';
  readonly attempt?: number;
}

async function post(report: Report, { runId, attempt = 1, mode = 'always' }: Run): Promise<Published> {
  const run = { tag: 'ayci', commit: HEAD, runId, attempt };
  const { body } = renderComment(report, { ...OPTIONS, ...run });
  return publishComment(await client(), TARGET, { ...run, body, mode, news: hasNews(report) }, 20);
}

const green = (): Report => reportWith([modelOf('m.onnx', [pair(10, 0)])]);
const bodies = (): readonly string[] => github.api.comments.map(({ body }) => body);
const asked = (): readonly string[] =>
  github.api.requests.map(({ method, path }) => `${method} ${path.split('/').slice(4, 6).join('/')}`);

describe("a comment, by GitHub's own description", () => {
  it('is made, edited, cleared to green and left alone, each within its requests', async () => {
    expect((await post(richReport(), { runId: 1 })).action).toBe('created');
    expect(bodies()).toEqual([expect.stringMatching(/^<!-- ayci .*\n### ❌ `detector\.onnx` is 17\.1 % slower/)]);
    expect(asked()).toEqual(['POST ', 'POST issues/7', 'POST ']);
    github.api.requests.length = 0;
    expect((await post(green(), { runId: 2 })).action).toBe('updated');
    expect(bodies()).toEqual([expect.stringMatching(/^<!-- ayci .*\n### ✅ `m\.onnx` runs as before/)]);
    expect(asked()).toEqual(['POST ', 'PATCH issues/comments', 'GET issues/comments']);
    github.api.requests.length = 0;
    expect((await post(green(), { runId: 3 })).action).toBe('unchanged');
    expect(asked()).toEqual(['POST ']);
  });

  it('is ours among 250 of others, and theirs stay as they are', async () => {
    const marker = markerLine({ tag: 'ayci', commit: HEAD, runId: 9999, attempt: 9 });
    for (let at = 0; at < 250; at += 1) {
      const body =
        at === 60 ? `> ${marker}\n> x` : [10, 120, 249].includes(at) ? `${marker}\nplanted` : `comment ${at}`;
      github.api.add(at === 60 ? BOT : STRANGER, body);
      if (at === 130) await post(green(), { runId: 1 });
    }
    const before = bodies().filter((body) => !body.includes('`m.onnx`'));
    expect((await post(richReport(), { runId: 2 })).action).toBe('updated');
    expect(bodies().filter((body) => !body.includes('`detector.onnx`'))).toEqual(before);
    expect(bodies()).toHaveLength(251);
  });

  it('is one after 20 runs that end together, the newest', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const runId = 100 + ((at * 7) % 20);
        const run = { tag: 'ayci', commit: HEAD, runId, attempt: 1 };
        const comment = { ...run, body: `${markerLine(run)}\nrun ${runId}`, mode: 'always' as const, news: true };
        return publishComment(await client(), TARGET, comment, 1500);
      }),
    );
    expect(results.filter(({ warning }) => warning !== null)).toEqual([]);
    expect(bodies()).toEqual([expect.stringMatching(/\nrun 119$/)]);
  });

  it('is found by REST where GraphQL is refused, over all pages', async () => {
    const marker = markerLine({ tag: 'ayci', commit: HEAD, runId: 1, attempt: 1 });
    for (let at = 0; at < 120; at += 1) github.api.add(STRANGER, `${marker}\nplanted`);
    github.api.add(BOT, `${marker}\nours`);
    github.api.fault = ({ path }) => (path === '/graphql' ? { status: 403, body: { message: 'Forbidden' } } : null);
    expect((await post(green(), { runId: 2 })).action).toBe('updated');
    expect(asked().slice(1)).toEqual([
      'GET issues/7',
      'GET issues/7',
      'GET pulls/7',
      'PATCH issues/comments',
      'GET issues/comments',
    ]);
    expect(bodies().at(-1)).toContain('runs as before');
    expect(bodies().filter((body) => body.endsWith('planted'))).toHaveLength(120);
  });

  it('that is refused is a warning with its mend', async () => {
    github.api.fault = ({ method }) =>
      method === 'POST' && github.api.requests.at(-1)?.path !== '/graphql'
        ? {
            status: 403,
            body: { message: 'Resource not accessible by integration', documentation_url: 'https://docs.github.com' },
          }
        : null;
    const { action, warning } = await post(green(), { runId: 1 });
    expect(action).toBe('skipped');
    expect(warning).toContain('403 Resource not accessible by integration');
    expect(warning).toContain('permissions: pull-requests: write');
  });

  it('the proxy refuses what GitHub would: the tests above prove something', async () => {
    const octokit = await client();
    const wrong = octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...{ owner: 'o', repo: 'r', issue_number: 7, body: 3 as unknown as string },
    });
    await expect(wrong).rejects.toThrow('422');
    await expect(octokit.graphql('query { viewer { nothingOfThis } }')).rejects.toThrow('nothingOfThis');
  });
});
