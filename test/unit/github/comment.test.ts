import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClient } from '../../../src/github/client.ts';
import { type PostedComment, publishComment } from '../../../src/github/comment/index.ts';
import { markerLine } from '../../../src/report/comment/marker.ts';
import { APP, type ApiAnswer, BOT, type GithubApi, STRANGER, startGithubApi } from '../../support/github-api.ts';

const HEAD = 'f'.repeat(40);
const OLD = 'e'.repeat(40);
const TARGET = { owner: 'o', repo: 'r', pull: 7 };

let api: GithubApi;
let waits: number[];
beforeEach(async () => {
  api = await startGithubApi();
  waits = [];
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

interface Run extends Partial<PostedComment> {
  readonly text?: string;
  readonly token?: string;
}

function commentOf({ text = '### ✅ the same', ...over }: Run): PostedComment {
  const run = {
    ...{ tag: 'ayci', commit: HEAD, runId: 100, attempt: 1, mode: 'always' as const, news: true },
    ...over,
  };
  return { ...run, body: `${markerLine(run)}\n${text} at ${run.commit?.slice(0, 7)}\n` };
}

async function publish(run: Run = {}, settleMs = 20) {
  const client = await openClient({
    token: run.token ?? 'secret-token',
    apiUrl: api.url,
    sleep: async (ms) => {
      waits.push(ms);
    },
  });
  return publishComment(client, TARGET, commentOf(run), settleMs);
}

const asked = (): string[] => api.requests.map(({ method, path }) => `${method} ${path.replace(/^\/repos\/o\/r/, '')}`);
const FIND = 'POST /graphql';
const shown = (): string[] => api.comments.map(({ body }) => body.split('\n')[1] ?? '');

describe('one comment', () => {
  it('is made by three requests', async () => {
    const { action, url, warning } = await publish();
    expect({ action, warning }).toEqual({ action: 'created', warning: null });
    expect(url).toBe(`https://github.com/o/r/pull/7#issuecomment-${api.comments[0]?.id}`);
    expect(asked()).toEqual([FIND, 'POST /issues/7/comments', FIND]);
  });

  it('is edited in place by three', async () => {
    const first = await publish();
    api.requests.length = 0;
    const second = await publish({ runId: 101, text: '### ❌ slower' });
    expect(second).toEqual({ action: 'updated', url: first.url, warning: null });
    const place = `/issues/comments/${api.comments[0]?.id}`;
    expect(asked()).toEqual([FIND, `PATCH ${place}`, `GET ${place}`]);
    expect(shown()).toEqual(['### ❌ slower at fffffff']);
  });

  it('is not sent where a reader would see nothing new, by one', async () => {
    await publish({ text: '### ✅ [report](https://h/o/r/actions/runs/100/artifacts/5)' });
    const before = api.comments[0]?.body;
    // As a browser leaves it after an edit.
    if (api.comments[0] !== undefined) api.comments[0].body = before?.replaceAll('\n', '\r\n') ?? '';
    api.requests.length = 0;
    const second = await publish({ runId: 101, text: '### ✅ [report](https://h/o/r/actions/runs/101/artifacts/9)' });
    expect(second.action).toBe('unchanged');
    expect(asked()).toEqual([FIND]);
  });

  it('is sent where only the commit is another', async () => {
    await publish({ commit: OLD });
    expect((await publish({ runId: 101 })).action).toBe('updated');
  });

  it('is one a tag', async () => {
    await publish();
    await publish({ tag: 'ayci-2', text: 'two' });
    await publish({ tag: 'ayci', runId: 101, text: 'one' });
    expect(shown()).toEqual(['one at fffffff', 'two at fffffff']);
  });

  it('is made anew where somebody deletes it at that moment', async () => {
    await publish();
    api.fault = ({ method }) => {
      if (method === 'PATCH') api.comments.length = 0;
      return null;
    };
    expect((await publish({ runId: 101, text: 'again' })).action).toBe('created');
    expect(shown()).toEqual(['again at fffffff']);
  });
});

describe('whose comment it is', () => {
  it('finds ours among 250 of others, three with our marker and one that quotes it', async () => {
    const marker = markerLine({ tag: 'ayci', commit: OLD, runId: 999, attempt: 9 });
    for (let at = 0; at < 250; at += 1) {
      const planted = [10, 120, 249].includes(at);
      const quoting = at === 60;
      api.add(
        quoting ? BOT : STRANGER,
        quoting ? `> ${marker}\n> x` : planted ? `${marker}\nplanted` : `comment ${at}`,
      );
      if (at === 130) await publish({ text: 'ours' });
    }
    const others = api.comments.filter(({ body }) => !body.includes('ours')).map(({ id, body }) => ({ id, body }));
    expect((await publish({ runId: 101, text: 'ours, newer' })).action).toBe('updated');
    expect(api.comments.filter(({ body }) => !body.includes('ours')).map(({ id, body }) => ({ id, body }))).toEqual(
      others,
    );
    expect(api.comments.filter(({ body }) => body.includes('ours'))).toHaveLength(1);
    expect(api.comments.find(({ body }) => body.includes('ours'))?.body).toContain('ours, newer');
  });

  it('knows whose a token is: an app does not edit what the bot wrote', async () => {
    api.tokens.set('app', APP);
    await publish({ text: 'bot' });
    await publish({ runId: 101, text: 'app', token: 'app' });
    await publish({ runId: 102, text: 'app again', token: 'app' });
    expect(shown()).toEqual(['bot at fffffff', 'app again at fffffff']);
  });

  it('takes the bot for itself where GraphQL is refused', async () => {
    const marker = markerLine({ tag: 'ayci', commit: OLD, runId: 1, attempt: 1 });
    api.add(STRANGER, `${marker}\nplanted`);
    api.add(BOT, `${marker}\nours`);
    api.fault = ({ path }) =>
      path === '/graphql' ? { status: 403, body: { message: 'Resource not accessible' } } : null;
    expect((await publish()).action).toBe('updated');
    expect(shown()).toEqual(['planted', '### ✅ the same at fffffff']);
  });
});

describe('the order of runs', () => {
  it.each<[string, Run, Run, boolean]>([
    ['a later run of the newest commit', { runId: 100 }, { runId: 101 }, true],
    ['an older run of the same commit', { runId: 101 }, { runId: 100 }, false],
    ['a later attempt', { runId: 100, attempt: 1 }, { runId: 100, attempt: 2 }, true],
    ['an older attempt', { runId: 100, attempt: 2 }, { runId: 100, attempt: 1 }, false],
    ['an older commit, run again later', { runId: 100 }, { runId: 102, commit: OLD }, false],
    ['the newest commit, of an older run', { runId: 102, commit: OLD }, { runId: 100 }, true],
    ['two older commits, the later run', { runId: 100, commit: OLD }, { runId: 101, commit: 'd'.repeat(40) }, true],
    ['two older commits, the older run', { runId: 101, commit: OLD }, { runId: 100, commit: 'd'.repeat(40) }, false],
  ])('%s', async (_, first, second, replaces) => {
    await publish({ ...first, text: 'first' });
    const { action } = await publish({ ...second, text: 'second' });
    expect(action).toBe(replaces ? 'updated' : 'skipped');
    expect(shown()[0]).toMatch(replaces ? /^second/ : /^first/);
  });
});

describe('several at once', () => {
  it('of 20 runs that end together one comment is left, with what is newest', async () => {
    const runs = Array.from({ length: 20 }, (_, at) => ({
      runId: 100 + ((at * 7) % 20),
      text: `run ${100 + ((at * 7) % 20)}`,
    }));
    const results = await Promise.all(runs.map((run) => publish(run, 500)));
    expect(results.map(({ warning }) => warning)).toEqual(runs.map(() => null));
    expect(shown()).toEqual(['run 119 at fffffff']);
  });

  it('of 20 runs that edit the same comment at once the newest stays', async () => {
    await publish({ runId: 1 });
    const runs = Array.from({ length: 20 }, (_, at) => ({
      runId: 100 + ((at * 7) % 20),
      text: `run ${100 + ((at * 7) % 20)}`,
    }));
    await Promise.all(runs.map((run) => publish(run, 500)));
    expect(shown()).toEqual(['run 119 at fffffff']);
  });

  it('an older run that writes at the same moment is written over', async () => {
    await publish({ runId: 1 });
    let late: string | null = commentOf({ runId: 50, text: 'late' }).body;
    api.fault = ({ method }) => {
      const [comment] = api.comments;
      if (method === 'GET' && late !== null && comment !== undefined) {
        comment.body = late;
        late = null;
      }
      return null;
    };
    expect((await publish({ runId: 101, text: 'newest' })).action).toBe('updated');
    expect(shown()).toEqual(['newest at fffffff']);
    expect(late).toBeNull();
  });

  it('what earlier runs left twice becomes one: the oldest, with what is newest', async () => {
    const marker = (runId: number) => markerLine({ tag: 'ayci', commit: HEAD, runId, attempt: 1 });
    const kept = api.add(BOT, `${marker(5)}\nfive`);
    api.add(BOT, `${marker(9)}\nnine`);
    api.add(BOT, `${marker(7)}\nseven`);
    expect((await publish({ runId: 6, text: 'six' })).action).toBe('skipped');
    expect(api.comments).toMatchObject([{ id: kept.id, body: `${marker(9)}\nnine` }]);
  });
});

describe('a body', () => {
  it('without its own marker is not posted', async () => {
    const client = await openClient({ token: 'secret-token', apiUrl: api.url });
    const { warning } = await publishComment(client, TARGET, { ...commentOf({}), runId: 99 });
    expect(warning).toContain('its first line is not its marker');
    expect(api.requests).toEqual([]);
  });
});

describe('modes', () => {
  it('never asks nothing', async () => {
    expect((await publish({ mode: 'never' })).action).toBe('skipped');
    expect(api.requests).toEqual([]);
  });

  it('changes makes none without news, and clears the one that is there', async () => {
    const quiet = { mode: 'changes', news: false } as const;
    expect((await publish(quiet)).action).toBe('skipped');
    expect(api.comments).toEqual([]);
    await publish({ mode: 'changes', text: '### ❌ slower' });
    expect((await publish({ ...quiet, runId: 101 })).action).toBe('updated');
    expect(shown()).toEqual(['### ✅ the same at fffffff']);
  });
});

describe('what GitHub refuses', () => {
  const CREATE = '/repos/o/r/issues/7/comments';
  const refused = (status: number, message: string, headers: Record<string, string> = {}): ApiAnswer => ({
    status,
    body: { message },
    headers,
  });

  it.each([
    [403, 'Resource not accessible by integration', 'permissions: pull-requests: write'],
    [404, 'Not Found', 'permissions: pull-requests: write'],
    [403, 'Unable to create comment because issue is locked.', 'unlock it'],
    [401, 'Bad credentials', '`github-token`'],
    [422, 'Validation Failed', 'Run the job again'],
  ])('%i %s is a warning with its mend', async (status, message, mend) => {
    api.fault = ({ path }) => (path === CREATE ? refused(status, message) : null);
    const { action, warning, url } = await publish();
    expect({ action, url }).toEqual({ action: 'skipped', url: null });
    expect(warning).toContain(
      `no comment on the pull request: GitHub's API: POST /repos/o/r/issues/7/comments failed, got ${status} ${message}`,
    );
    expect(warning).toContain(mend);
    expect(warning).not.toContain('secret-token');
    expect(waits).toEqual([]);
  });

  it('a server that fails is asked again, four times at most, and what creates only once', async () => {
    api.fault = () => refused(502, 'Bad Gateway');
    expect((await publish()).warning).toContain('502 Bad Gateway');
    expect(api.requests).toHaveLength(4);
    api.requests.length = 0;
    api.fault = ({ path }) => (path === CREATE ? refused(502, 'Bad Gateway') : null);
    expect((await publish()).warning).toContain('502 Bad Gateway');
    expect(asked().filter((one) => one === 'POST /issues/7/comments')).toHaveLength(1);
    expect(api.comments).toEqual([]);
  });

  it('a limit of requests is waited for as GitHub says, also before creating', async () => {
    const answers = [
      refused(429, 'x', { 'retry-after': '3' }),
      refused(403, 'You have exceeded a secondary rate limit', { 'retry-after': '5' }),
    ];
    api.fault = ({ path }) => (path === CREATE ? (answers.shift() ?? null) : null);
    expect((await publish()).action).toBe('created');
    expect(waits).toEqual([3000, 5000]);
  });

  it('a limit that ends in an hour is not waited for', async () => {
    const reset = String(Math.floor(Date.now() / 1000) + 3600);
    api.fault = () =>
      refused(403, 'API rate limit exceeded', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset });
    expect((await publish()).warning).toContain('GitHub limits the requests of this token');
    expect(waits).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'a connection that ends %s the comment was made leaves one, or says so',
    async (cut) => {
      let first = true;
      api.fault = ({ path }) => {
        if (path !== CREATE || !first) return null;
        first = false;
        return { status: 0, cut };
      };
      const { action, warning } = await publish();
      expect(api.comments).toHaveLength(cut === 'after' ? 1 : 0);
      expect(action).toBe(cut === 'after' ? 'created' : 'skipped');
      expect(warning === null).toBe(cut === 'after');
    },
  );

  it('a server that is not there is a warning too', async () => {
    const { url } = api;
    await api[Symbol.asyncDispose]();
    const client = await openClient({ token: 'secret-token', apiUrl: url, sleep: async () => undefined });
    const { warning } = await publishComment(client, TARGET, commentOf({}));
    expect(warning).toContain('Is GITHUB_API_URL reachable');
    expect(warning).not.toContain('secret-token');
  });
});
