import { AyciError } from '../errors.ts';

/**
 * Whose run this is. Pull requests of forks get no OIDC token, and Dependabot's are treated alike; outside a workflow
 * there is nobody to ask for one.
 */
export type Origin = 'repository' | 'fork' | 'dependabot' | 'outside';

const OF: Readonly<Record<Exclude<Origin, 'repository'>, readonly [string, string]>> = {
  fork: [
    'the pull request of a fork',
    'OIDC is not given to pull requests of forks: run `target: local`, which needs no AWS.',
  ],
  dependabot: [
    "Dependabot's pull request",
    'OIDC is not given to pull requests of Dependabot as it is not to those of forks: run `target: local`, which needs no AWS.',
  ],
  outside: [
    'a run outside GitHub Actions',
    'Leave it out: on the command line the credentials of the environment are used (AWS_PROFILE, AWS_ACCESS_KEY_ID …).',
  ],
};

/** Why GitHub gives this run no token, and what to do. */
export function noToken(place: string, origin: Origin): AyciError {
  if (origin === 'repository') {
    const hint = 'Give the job `permissions: { id-token: write, contents: read }` in its workflow.';
    return new AyciError(
      'target',
      `${place}: GitHub gave no OIDC token, got no ACTIONS_ID_TOKEN_REQUEST_URL; expected a job with id-token: write`,
      { hint },
    );
  }
  const [what, hint] = OF[origin];
  const message = `${place}: GitHub gave no OIDC token, got ${what}; expected a run of the repository itself`;
  return new AyciError('target', message, { hint });
}
