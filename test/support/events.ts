import { readFileSync } from 'node:fs';

const NAMES = [
  'pull_request',
  'push',
  'schedule',
  'merge_group',
  'release',
  'workflow_dispatch',
  'workflow_run',
] as const;
export type EventName = (typeof NAMES)[number];

export interface Event {
  readonly env: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: GitHub's JSON, which tests reach into
  readonly payload: any;
}

/** `refs/…` of the runs of an event, as GitHub's table of events has them. */
const REFS: Readonly<Record<EventName, string>> = {
  pull_request: 'refs/pull/7/merge',
  push: 'refs/heads/main',
  schedule: 'refs/heads/main',
  merge_group: `refs/heads/gh-readonly-queue/main/pr-7-${'2'.repeat(40)}`,
  release: 'refs/tags/v1.0.0',
  workflow_dispatch: 'refs/heads/main',
  workflow_run: 'refs/heads/main',
};

type Change = (payload: Event['payload']) => void;

/**
 * An event of the repository `octo-org/detector` in the shape that GitHub documents.
 * @param sha what GITHUB_SHA is under it
 */
export function githubEvent(name: EventName, sha: string, change: Change = () => undefined, env = {}): Event {
  const payload = JSON.parse(readFileSync(new URL(`events/${name}.json`, import.meta.url), 'utf8'));
  change(payload);
  return {
    payload,
    env: {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: 'Codertocat',
      GITHUB_EVENT_NAME: name,
      GITHUB_REF: REFS[name],
      GITHUB_REPOSITORY: 'octo-org/detector',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_RUN_ID: '1658821493',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_SHA: sha,
      ...env,
    },
  };
}

/** A pull request whose head is `head`; `base` is what the event calls its base, which may be stale. */
export function pullRequestEvent(merge: string, head: string, base: string, env = {}): Event {
  const change: Change = ({ pull_request: pull }) => {
    pull.head.sha = head;
    pull.base.sha = base;
  };
  return githubEvent('pull_request', merge, change, env);
}

/** A push to main. */
export function pushEvent(before: string, after: string, change: Change = () => undefined, env = {}): Event {
  const moved: Change = (payload) => {
    payload.before = before;
    payload.after = after;
    payload.created = /^0+$/.test(before);
    change(payload);
  };
  return githubEvent('push', after, moved, env);
}
