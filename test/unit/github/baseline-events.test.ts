import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { githubContext, payloadOf } from '../../../src/github/context.ts';
import { type Event, githubEvent, pullRequestEvent, pushEvent } from '../../support/events.ts';
import { temporaryFolder } from '../../support/folder.ts';

const SHA = 'a'.repeat(40);
const BEFORE = 'b'.repeat(40);
const BASE = 'octo-org/detector/base';
const PR = 'octo-org/detector/pr';
const ON_BASE = { branch: 'main', scope: { write: BASE, read: [BASE] } };
const BESIDE = { branch: null, scope: { write: PR, read: [BASE, PR] } };
const fork = (): Event => {
  const event = pullRequestEvent(SHA, BEFORE, BEFORE);
  event.payload.pull_request.head.repo = { full_name: 'eve/detector', fork: true };
  return event;
};

/** As GitHub hands an event over: in a file. */
async function contextOf({ env, payload }: Event) {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'event.json');
  await writeFile(path, JSON.stringify(payload));
  const handed = { ...env, GITHUB_EVENT_PATH: path };
  expect(payloadOf(handed)).toEqual(payload);
  return githubContext(handed);
}

describe("what an event's run writes, and whether the history of main grows", () => {
  it.each<[string, Event, unknown]>([
    ['pull_request', pullRequestEvent(SHA, BEFORE, BEFORE), { ...BESIDE, origin: 'repository' }],
    ["a fork's pull_request", fork(), { ...BESIDE, origin: 'fork' }],
    ['a push to main', pushEvent(BEFORE, SHA), ON_BASE],
    ['a push to another branch', pushEvent(BEFORE, SHA, undefined, { GITHUB_REF: 'refs/heads/changes' }), BESIDE],
    ['a push of a tag', pushEvent(BEFORE, SHA, undefined, { GITHUB_REF: 'refs/tags/main' }), BESIDE],
    ['a merge group', githubEvent('merge_group', SHA), BESIDE],
    ['a release', githubEvent('release', SHA), BESIDE],
    ['a schedule', githubEvent('schedule', SHA), ON_BASE],
    ['a schedule of an old server', githubEvent('schedule', SHA, (payload) => delete payload.repository), ON_BASE],
    ['workflow_dispatch on main', githubEvent('workflow_dispatch', SHA), ON_BASE],
    [
      'workflow_dispatch on another branch',
      githubEvent('workflow_dispatch', SHA, undefined, { GITHUB_REF: 'refs/heads/changes' }),
      BESIDE,
    ],
    ['workflow_run after a push', githubEvent('workflow_run', SHA), BESIDE],
    [
      'a re-run of a push',
      pushEvent(BEFORE, SHA, undefined, { GITHUB_RUN_ATTEMPT: '2' }),
      { ...ON_BASE, runAttempt: '2' },
    ],
  ])('%s', async (_, event, expected) => {
    expect(await contextOf(event)).toMatchObject({ commit: SHA, refusal: null, ...(expected as object) });
  });

  it('is nothing where the event is refused', async () => {
    const after = githubEvent('workflow_run', SHA, ({ workflow_run: run }) => {
      run.event = 'pull_request';
    });
    expect((await contextOf(after)).refusal?.message).toContain('workflow_run after pull_request');
  });
});
