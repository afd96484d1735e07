import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/errors.ts';
import { originOf, refusedEvent } from '../../../src/github/event.ts';

const RUN = { GITHUB_ACTIONS: 'true', GITHUB_REPOSITORY: 'octo-org/detector', GITHUB_ACTOR: 'octocat' };
const from = (head: unknown, user = 'octocat') => ({ pull_request: { user: { login: user }, head: { repo: head } } });

describe('whose run it is', () => {
  it.each([
    ['a push', RUN, {}, 'repository'],
    ['its own pull request', RUN, from({ full_name: 'octo-org/detector' }), 'repository'],
    ['its own pull request, in other letters', RUN, from({ full_name: 'Octo-Org/Detector' }), 'repository'],
    ["a fork's pull request", RUN, from({ full_name: 'eve/detector' }), 'fork'],
    ['a fork of a name that begins alike', RUN, from({ full_name: 'octo-org/detector2' }), 'fork'],
    ['the pull request of a fork that is gone', RUN, from(null), 'fork'],
    ['a pull request that says nothing of its head', RUN, { pull_request: {} }, 'fork'],
    ['a pull request whose head is no text', RUN, from({ full_name: ['octo-org/detector'] }), 'fork'],
    [
      "Dependabot's run",
      { ...RUN, GITHUB_ACTOR: 'dependabot[bot]' },
      from({ full_name: 'octo-org/detector' }),
      'dependabot',
    ],
    ["Dependabot's pull request", RUN, from({ full_name: 'octo-org/detector' }, 'dependabot[bot]'), 'dependabot'],
    ['a command line', {}, {}, 'outside'],
    ['an event without payload', RUN, null, 'repository'],
  ])('%s', (_, env, payload, origin) => {
    expect(originOf(env, payload)).toBe(origin);
  });
});

const following = (event: unknown, head: unknown = 'octo-org/detector') => ({
  workflow_run: { event, head_repository: { full_name: head } },
});

describe('refused events', () => {
  it.each([
    ['pull_request_target', {}, 'pull_request_target'],
    ['workflow_run', following('pull_request'), 'workflow_run after pull_request'],
    ['workflow_run', following('pull_request_target'), 'workflow_run after pull_request_target'],
    ['workflow_run', following('pull_request_review'), 'workflow_run after pull_request_review'],
    ['workflow_run', following('push', 'eve/detector'), 'workflow_run of another repository'],
    ['workflow_run', following('push', null), 'workflow_run of another repository'],
    ['workflow_run', following(7), 'workflow_run without the event'],
    ['workflow_run', {}, 'workflow_run without the event'],
    ['workflow_run', null, 'workflow_run without the event'],
  ])('%s with %j', (event, payload, got) => {
    const error = refusedEvent({ ...RUN, GITHUB_EVENT_NAME: event }, payload);
    expect(error?.message).toContain(`got ${got}`);
    expect(error?.hint).toContain('on: pull_request');
    expect(exitCodeOf(error?.code ?? 'internal')).toBe(2);
  });

  it.each([
    ['pull_request', from({ full_name: 'eve/detector' })],
    ['push', {}],
    ['schedule', {}],
    ['merge_group', {}],
    ['release', {}],
    ['workflow_dispatch', {}],
    ['workflow_run', following('push')],
    ['workflow_run', following('schedule')],
    [undefined, {}],
  ])('but not %s with %j', (event, payload) => {
    expect(refusedEvent({ ...RUN, ...(event === undefined ? {} : { GITHUB_EVENT_NAME: event }) }, payload)).toBeNull();
  });
});
