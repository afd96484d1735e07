import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asAyciError, explain } from '../../../src/errors.ts';
import { openClient } from '../../../src/github/client.ts';
import { situationOf } from '../../../src/github/poster/event.ts';
import { POSTER_INPUTS, readPosterInputs } from '../../../src/github/poster/inputs.ts';
import { type Posted, post } from '../../../src/github/poster/post.ts';
import { APP, BOT, STRANGER } from '../../support/github-api.ts';
import { type PosterApi, type PosterWorld, posterApi, type StoredArtifact } from '../../support/poster-api.ts';
import {
  artifactOf,
  HEAD_SHA,
  jobEnvironment,
  legReport,
  PULL,
  pullRequest,
  RUN,
  SAME,
  SLOWER,
  workflowRun,
} from '../../support/poster-world.ts';
import { ROOT } from '../../support/program.ts';
import { deflatedZeros, zipOf } from '../../support/zip.ts';

const now = new Date('2026-11-24T01:00:00.000Z');
const INPUTS = { 'INPUT_GITHUB-TOKEN': 'secret-token' };
const slow = artifactOf(1, 'ayci-report-ayci-model-2-0123456789ab', legReport('models/detector.onnx', SLOWER));

async function posted(
  api: PosterApi,
  { event = 'workflow_run', payload = workflowRun(), inputs = {} as Record<string, string> } = {},
): Promise<Posted> {
  const settings = readPosterInputs({ ...INPUTS, ...inputs });
  const client = await openClient({ token: settings.token, apiUrl: api.url, sleep: async () => {} });
  const situation = situationOf(jobEnvironment(event), payload);
  return post(situation, settings, { client, serverUrl: 'https://github.com', now });
}

async function inWorld<T>(world: PosterWorld, use: (api: PosterApi) => Promise<T>): Promise<T> {
  await using api = await posterApi({ pulls: [PULL], ...world });
  api.github.head = HEAD_SHA;
  return await use(api);
}

const writes = (api: PosterApi): readonly string[] => api.requests.filter((request) => !request.startsWith('GET '));

describe('after a run of a fork', () => {
  it('posts on the pull request that the API has for branch and commit', async () => {
    await inWorld({ runs: { [RUN]: [slow] } }, async (api) => {
      const result = await posted(api);
      expect(result).toMatchObject({ pull: 7, why: null, published: { action: 'created', warning: null } });
      const [comment] = api.github.comments;
      const [first, , headline] = comment?.body.split('\n') ?? [];
      expect(first).toBe(`<!-- ayci tag=ayci commit=${HEAD_SHA} run=${RUN}.2 -->`);
      expect(`${comment?.body.split('\n')[1]}${headline}`).toContain('❌');
      expect(comment?.body).toContain(`https://github.com/o/r/actions/runs/${RUN}`);
      expect(comment?.body).toContain('the figures are its own word');
      expect(api.requests[0]).toBe(
        `GET /repos/o/r/pulls?state=open&head=${encodeURIComponent('contributor:faster/model')}&per_page=100`,
      );
    });
  });

  it('posts for a branch of the repository itself too, as Dependabot’s is', async () => {
    const pulls = [{ ...PULL, headOwner: 'o', headRepository: PULL.baseRepository }];
    const head_repository = { id: PULL.baseRepository, owner: { login: 'o' } };
    await inWorld({ pulls, runs: { [RUN]: [slow] } }, async (api) => {
      expect(await posted(api, { payload: workflowRun({ head_repository }) })).toMatchObject({ pull: 7 });
      expect(api.github.comments[0]?.body).not.toContain('its own word');
    });
  });

  it('leaves the token behind where GitHub redirects to the store', async () => {
    await inWorld({ runs: { [RUN]: [slow] } }, async (api) => {
      await posted(api);
      expect(api.stored).toEqual([{ path: '/artifact/1?sig=signed-secret', authorization: null }]);
    });
  });

  it('edits its comment in place when it runs again', async () => {
    await inWorld({ runs: { [RUN]: [slow] } }, async (api) => {
      await posted(api);
      expect(await posted(api, { payload: workflowRun({ run_attempt: 3 }) })).toMatchObject({
        published: { action: 'unchanged' },
      });
      expect(api.github.comments).toHaveLength(1);
    });
  });

  it.each<[string, PosterWorld['pulls'], string]>([
    ['none is open', [{ ...PULL, state: 'closed' }], `no open pull request has ${HEAD_SHA.slice(0, 12)} as its head`],
    ['its head is newer', [{ ...PULL, sha: 'c3'.repeat(20) }], 'the pull request has newer commits than'],
    ['there are two', [PULL, { ...PULL, number: 8 }], 'several open pull requests have'],
    ['it is another repository’s branch', [{ ...PULL, headRepository: 300 }], 'no open pull request has'],
    ['its repository is gone', [{ ...PULL, headRepository: null }], 'no open pull request has'],
    ['it is of another base', [{ ...PULL, baseRepository: 300 }], 'no open pull request has'],
  ])('posts nothing where %s', async (_name, pulls = [], why) => {
    await inWorld({ pulls, runs: { [RUN]: [slow] } }, async (api) => {
      expect(await posted(api)).toEqual({ report: null, why: expect.stringContaining(why) });
      expect(api.requests).toHaveLength(1);
    });
  });

  it.each<[string, unknown, string]>([
    ['a push', workflowRun({ event: 'push' }), 'the run was started by push, not pull_request'],
    ['pull_request_target', workflowRun({ event: 'pull_request_target' }), 'not pull_request'],
    ['a run that goes on', workflowRun({}, 'in_progress'), 'the run is in_progress, not completed'],
    ['another repository’s workflow', workflowRun({ repository: { id: 300 } }), 'the run is of another repository'],
    ['a fork that is gone', workflowRun({ head_repository: null }), 'the repository of the pull request is gone'],
    ['no branch', workflowRun({ head_branch: null }), 'the run is of no branch'],
  ])('does nothing after %s', async (_name, payload, why) => {
    await inWorld({ runs: { [RUN]: [slow] } }, async (api) => {
      expect(await posted(api, { payload })).toEqual({ report: null, why: expect.stringContaining(why) });
      expect(api.requests).toEqual([]);
    });
  });

  it('does nothing where the run left no report', async () => {
    await inWorld({ runs: { [RUN]: [{ ...slow, name: 'coverage' }] } }, async (api) => {
      expect(await posted(api)).toEqual({ report: null, why: expect.stringContaining('left no artifact') });
      expect(api.stored).toEqual([]);
    });
  });

  it('ignores what the report says of pull request, commit, repository and addresses', async () => {
    const plain = legReport('models/detector.onnx', SLOWER);
    const lying = {
      ...plain,
      run: {
        ...plain.run,
        commit: 'd4'.repeat(20),
        notes: ['https://evil.example/x', 'see other/repo#12, pull request 12'],
      },
    };
    await inWorld({ runs: { [RUN]: [artifactOf(1, 'ayci-report-x', lying)] } }, async (api) => {
      expect(await posted(api)).toMatchObject({ pull: 7, report: { run: { commit: HEAD_SHA } } });
      const body = api.github.comments[0]?.body ?? '';
      expect(body).not.toContain('d4d4d4d');
      expect(body.match(/\]\([^)]*\)/g)?.every((link) => link.startsWith('](https://github.com/o/r/actions/'))).toBe(
        true,
      );
      expect(writes(api).filter((request) => !request.includes('graphql'))).toEqual([
        'POST /repos/o/r/issues/7/comments',
      ]);
    });
  });

  const hostile: readonly [string, StoredArtifact, RegExp][] = [
    [
      'a wrong schema',
      artifactOf(1, 'ayci-report-x', { pull: 12, body: 'hello' }),
      /^artifact ayci-report-x: report\.json: is not a report of AYCI/,
    ],
    [
      'a bomb of 2 GB',
      {
        ...slow,
        bytes: zipOf([
          { name: 'report.json', bytes: Buffer.alloc(0), packed: deflatedZeros(2e9), uncompressedSize: 2e9 },
        ]),
      },
      /unpacks to too much/,
    ],
    [
      'a path that leads out',
      { ...slow, bytes: zipOf([{ name: '../../report.json', bytes: Buffer.from('{}') }]) },
      /is no sound zip, got invalid relative path/,
    ],
    ['21 MB, and says so', { ...slow, bytes: Buffer.alloc(21e6) }, /is too large, got 21000000 bytes/],
    ['21 MB, and says less', { ...slow, bytes: Buffer.alloc(21e6), listed: 10 }, /is too large, got more/],
    ['a page in the place of a zip', { ...slow, bytes: Buffer.from('<h1>') }, /is no sound zip/],
  ];
  it.each(hostile)('posts nothing of an artifact with %s, and ends with one line', async (_name, artifact, message) => {
    const good = artifactOf(2, 'ayci-report-a', legReport('a.onnx', SAME));
    await inWorld({ runs: { [RUN]: [good, artifact] } }, async (api) => {
      const error: unknown = await posted(api).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'bad-input', message: expect.stringMatching(message) });
      expect(String(error)).not.toContain('\n');
      expect(api.github.comments).toEqual([]);
      expect(writes(api)).toEqual([]);
    });
  });

  it('refuses more reports than a matrix has legs', async () => {
    const many = Array.from({ length: 300 }, (_, id) => ({ ...slow, id: id + 1, name: `ayci-report-${id}` }));
    await inWorld({ runs: { [RUN]: many } }, async (api) => {
      await expect(posted(api)).rejects.toMatchObject({ code: 'bad-input' });
      expect(api.stored).toEqual([]);
    });
  });

  it('refuses reports that are too much together', async () => {
    const report = legReport('a.onnx', SAME);
    const [model] = report.models;
    const [cell] = model?.cells ?? [];
    const skipped = { ...cell, status: 'skipped', latencyMs: null, baseline: null, verdict: null, provenance: null };
    const half = { ...report, models: [{ ...model, cells: Array.from({ length: 10_001 }, () => skipped) }] };
    const both = [1, 2].map((id) => artifactOf(id, `ayci-report-${id}`, half));
    await inWorld({ runs: { [RUN]: both } }, async (api) => {
      await expect(posted(api)).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringMatching(/^artifact ayci-report-2: is one report too many, got 20002 cells with those/),
      });
      expect(writes(api)).toEqual([]);
    });
  });

  it('leaves other people’s comments alone, whatever they hold', async () => {
    await inWorld({ runs: { [RUN]: [slow] } }, async (api) => {
      const marker = `<!-- ayci tag=ayci commit=${HEAD_SHA} run=1.1 -->`;
      const planted = [STRANGER, APP].map((user) => api.github.add(user, `${marker}\nplanted`));
      const quoted = api.github.add(BOT, `> ${marker}\nquoted`);
      await posted(api);
      expect(planted.map(({ body }) => body)).toEqual([`${marker}\nplanted`, `${marker}\nplanted`]);
      expect(quoted.body).toContain('quoted');
      expect(api.github.comments).toHaveLength(4);
    });
  });

  it('warns where it may not write, and says what the job needs', async () => {
    const refuse = (method: string): number | null => (method === 'POST' ? 403 : null);
    await inWorld({ runs: { [RUN]: [slow] }, refuse }, async (api) => {
      expect(await posted(api)).toMatchObject({
        published: { action: 'skipped', warning: expect.stringContaining('pull-requests: write') },
      });
    });
  });

  it.each([
    ['/actions/', 403, 'actions: read'],
    ['/pulls', 404, 'pull-requests: write'],
  ])('says which permission %s needs', async (part, status, permission) => {
    const refuse = (_method: string, path: string): number | null => (path.includes(part) ? status : null);
    await inWorld({ runs: { [RUN]: [slow] }, refuse }, async (api) => {
      await expect(posted(api)).rejects.toMatchObject({
        code: 'environment',
        hint: expect.stringContaining(permission),
      });
    });
  });

  it('says nothing of a signed address where the store refuses', async () => {
    const refusal = '<Error><Message>Signature of ?sig=signed-secret did not match</Message></Error>';
    await inWorld({ runs: { [RUN]: [{ ...slow, storeError: refusal }] } }, async (api) => {
      const error: unknown = await posted(api).catch((thrown: unknown) => thrown);
      expect(api.stored).toHaveLength(1);
      expect(error).toMatchObject({ code: 'environment', message: expect.stringContaining('status 403') });
      expect(explain(asAyciError(error))).not.toMatch(/sig|Signature/);
    });
  });
});

describe('a job after the legs', () => {
  const event = 'pull_request';
  const legs = [
    artifactOf(1, 'ayci-report-ayci-model-1-aaaaaaaaaaaa', legReport('a.onnx', SLOWER)),
    artifactOf(2, 'ayci-report-ayci-model-1-bbbbbbbbbbbb', legReport('b.onnx', SAME)),
  ];

  it('merges them and posts on the pull request of the event', async () => {
    await inWorld({ runs: { [RUN]: legs } }, async (api) => {
      const result = await posted(api, { event, payload: pullRequest(), inputs: { INPUT_EXPECTED: 'a.onnx,b.onnx' } });
      expect(result).toMatchObject({
        pull: 7,
        report: { verdict: 'regressed', gate: 'failed', run: { legs: { missing: [] } } },
        published: { action: 'created' },
      });
      const body = api.github.comments[0]?.body ?? '';
      expect(body).toContain('a.onnx');
      expect(body).not.toContain('its own word');
    });
  });

  it('names the one of three that is missing', async () => {
    await inWorld({ runs: { [RUN]: legs } }, async (api) => {
      const inputs = { INPUT_EXPECTED: 'a.onnx\nb.onnx\nc.onnx' };
      expect(await posted(api, { event, payload: pullRequest(), inputs })).toMatchObject({
        report: { gate: 'failed', run: { legs: { missing: ['c.onnx'] } } },
      });
      expect(api.github.comments[0]?.body).toMatch(/1 of 3 legs gave no report:\*\* `c\.onnx`/);
    });
  });

  it('counts of a leg that ran again the last attempt, in whatever order they are listed', async () => {
    const again = artifactOf(3, 'ayci-report-ayci-model-2-aaaaaaaaaaaa', legReport('a.onnx', SAME));
    for (const all of [
      [again, ...legs],
      [...legs, again],
    ]) {
      await inWorld({ runs: { [RUN]: all } }, async (api) => {
        expect(await posted(api, { event, payload: pullRequest() })).toMatchObject({ report: { verdict: 'pass' } });
        expect(api.stored).toHaveLength(2);
      });
    }
  });

  it('looks over all pages of artifacts, past expired ones and pages for the browser', async () => {
    const others = Array.from({ length: 150 }, (_, id) => ({ ...slow, id: id + 100, name: `other-${id}` }));
    const page = { ...slow, id: 90, name: 'ayci-report-page.html', bytes: Buffer.from('<h1>') };
    const expired = { ...slow, id: 91, name: 'ayci-report-old', expired: true };
    await inWorld({ runs: { [RUN]: [page, expired, ...others, ...legs] } }, async (api) => {
      expect(await posted(api, { event, payload: pullRequest() })).toMatchObject({
        report: { models: [{ path: 'a.onnx' }, { path: 'b.onnx' }] },
      });
    });
  });

  it.each<[string, unknown, string]>([
    [
      'a fork',
      pullRequest({ head: { sha: HEAD_SHA, repo: { full_name: 'contributor/r' } } }),
      'pull requests of forks get a token that only reads',
    ],
    ['Dependabot', pullRequest({ user: { login: 'dependabot[bot]' } }), 'pull requests of Dependabot get a token'],
  ])('merges, and leaves the comment of %s to the workflow with rights', async (_name, payload, why) => {
    await inWorld({ runs: { [RUN]: legs } }, async (api) => {
      expect(await posted(api, { event, payload })).toMatchObject({
        ...{ pull: null, published: null, report: { gate: 'failed' } },
        why: expect.stringContaining(why),
      });
      expect(writes(api)).toEqual([]);
    });
  });

  it('merges for a push, which has no pull request', async () => {
    await inWorld({ runs: { [RUN]: legs } }, async (api) => {
      expect(await posted(api, { event: 'push', payload: {} })).toMatchObject({
        pull: null,
        report: { gate: 'failed' },
      });
      expect(writes(api)).toEqual([]);
    });
  });

  it('is an error where no leg left a report', async () => {
    await inWorld({ runs: { [RUN]: [] } }, async (api) => {
      await expect(posted(api, { event, payload: pullRequest() })).rejects.toMatchObject({
        code: 'environment',
        message: expect.stringMatching(/left no artifact that is called ayci-report\*/),
      });
    });
  });

  it('makes no comment with `never`, and none without news with `changes`', async () => {
    for (const mode of ['never', 'changes']) {
      await inWorld({ runs: { [RUN]: legs.slice(1) } }, async (api) => {
        const inputs = { INPUT_COMMENT: mode };
        expect(await posted(api, { event, payload: pullRequest(), inputs })).toMatchObject({
          published: { action: 'skipped', warning: null },
        });
        expect(api.github.comments).toEqual([]);
      });
    }
  });
});

describe('the event', () => {
  it('pull_request_target is refused', () => {
    expect(() => situationOf(jobEnvironment('pull_request_target'), pullRequest())).toThrow(
      expect.objectContaining({ code: 'bad-input' }),
    );
  });

  it.each([
    ['workflow_run', { action: 'completed' }],
    ['workflow_run', workflowRun({ head_sha: 'main' })],
    ['workflow_run', workflowRun({ id: '4711' })],
    ['pull_request', {}],
    ['pull_request', pullRequest({ number: '7; rm' })],
  ])('%s without its payload is an error of the environment', (event, payload) => {
    expect(() => situationOf(jobEnvironment(event), payload)).toThrow(
      expect.objectContaining({ code: 'environment', message: expect.stringContaining('GITHUB_EVENT_PATH') }),
    );
  });
});

describe('comment/action.yml', () => {
  const action = parse(readFileSync(`${ROOT}comment/action.yml`, 'utf8')) as {
    inputs: Record<string, { default?: string; description: string; required: boolean }>;
    runs: unknown;
  };

  it('has the inputs of the table', () => {
    const inputs = Object.entries(action.inputs).map(([name, { description, default: preset = '' }]) => ({
      ...{ name, doc: description, default: preset },
    }));
    expect(inputs).toEqual(POSTER_INPUTS.map(({ name, doc, default: preset }) => ({ name, doc, default: preset })));
    expect(action.runs).toEqual({ using: 'node24', main: '../dist/comment.js' });
  });

  it.each<[Record<string, string>, string]>([
    [{ 'INPUT_GITHUB-TOKEN': '' }, 'with: github-token: is missing or empty'],
    [{ INPUT_ARTEFACT: 'x' }, 'with: "artefact" is not an input of this action'],
    [{ INPUT_ARTIFACT: '../x' }, 'with: artifact: is not a name of an artifact'],
    [{ INPUT_COMMENT: 'sometimes' }, 'with: comment: is not known, got "sometimes"; expected always, changes, never'],
    [{ 'INPUT_COMMENT-TAG': 'a b' }, 'with: comment-tag: is not a tag'],
    [{ 'INPUT_REQUESTS-PER-MONTH': '1e6' }, 'with: requests-per-month: is not a whole number'],
    [{ INPUT_EXPECTED: Array.from({ length: 257 }, (_, n) => n).join(',') }, 'with: expected: is too long'],
  ])('refuses %j', (given, message) => {
    expect(() => readPosterInputs({ ...INPUTS, ...given })).toThrow(
      expect.objectContaining({ code: 'bad-input', message: expect.stringContaining(message) }),
    );
  });
});
