import type { Report } from '../../src/types/report.ts';
import { CONFIG, measurement } from './measurements.ts';
import type { StoredArtifact, StoredPull } from './poster-api.ts';
import { reportOf } from './report.ts';
import { zipOf } from './zip.ts';

export const HEAD_SHA = 'a1'.repeat(20);
export const RUN = 4711;
const REPOSITORY = 100;
const FORK = 200;

export const SLOWER = [0.14, 0.141, 0.139, 0.14, 0.1405, 0.1395];
export const SAME = [0, 0.001, -0.001, 0.0005, -0.0005, 0];

/** A finished report of one model, as a leg writes it. */
export function legReport(path: string, changes: readonly number[], hardware: 'x86_64' | 'arm64' = 'x86_64'): Report {
  const report = reportOf([measurement(changes, { config: { ...CONFIG, hardware } })], path);
  return { ...report, gate: report.verdict === 'regressed' ? 'failed' : 'passed' };
}

/** An artifact as the action uploads it: the report, and what lies beside it. */
export function artifactOf(id: number, name: string, report: unknown): StoredArtifact {
  const files = { 'report.json': JSON.stringify(report), 'report.md': '# report', 'raw/m.json.gz': 'raw' };
  const entries = Object.entries(files).map(([file, text]) => ({ name: file, bytes: Buffer.from(text) }));
  return { id, name, bytes: zipOf(entries) };
}

/** The fork's pull request. */
export const PULL: StoredPull = {
  number: 7,
  state: 'open',
  headOwner: 'contributor',
  branch: 'faster/model',
  sha: HEAD_SHA,
  headRepository: FORK,
  baseRepository: REPOSITORY,
};

const repository = { id: REPOSITORY, name: 'r', full_name: 'o/r', fork: false, default_branch: 'main' };

/** What GitHub sends when a run ends, with the fields of its documentation. */
export function workflowRun(over: Readonly<Record<string, unknown>> = {}, action = 'completed'): unknown {
  return {
    action,
    repository,
    sender: { login: 'contributor', id: 3, type: 'User' },
    workflow: { id: 9, name: 'Model CI', path: '.github/workflows/ayci.yml', state: 'active' },
    workflow_run: {
      id: RUN,
      name: 'Model CI',
      node_id: 'WFR_1',
      check_suite_id: 5,
      head_branch: PULL.branch,
      head_sha: HEAD_SHA,
      path: '.github/workflows/ayci.yml',
      display_title: 'Faster model',
      run_number: 12,
      event: 'pull_request',
      status: 'completed',
      conclusion: 'success',
      workflow_id: 9,
      run_attempt: 2,
      pull_requests: [],
      repository,
      head_repository: {
        id: FORK,
        name: 'r',
        full_name: 'contributor/r',
        fork: true,
        owner: { login: 'contributor', id: 3, type: 'User' },
      },
      head_commit: { id: HEAD_SHA, message: 'Faster model', author: { name: 'c', email: 'c@example.com' } },
      ...over,
    },
  };
}

/** What GitHub sends for a pull request of a branch of the same repository. */
export function pullRequest(over: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    action: 'synchronize',
    number: 7,
    repository,
    pull_request: {
      number: 7,
      state: 'open',
      user: { login: 'member', id: 4, type: 'User' },
      head: { ref: 'faster', sha: HEAD_SHA, label: 'o:faster', repo: { id: REPOSITORY, full_name: 'o/r' } },
      base: { ref: 'main', sha: 'b2'.repeat(20), repo: { id: REPOSITORY, full_name: 'o/r' } },
      ...over,
    },
  };
}

/** The environment of a job in run 4711, attempt 2, without its inputs. */
export function jobEnvironment(event: string): Record<string, string> {
  return {
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'member',
    GITHUB_EVENT_NAME: event,
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: event === 'workflow_run' ? '9999' : String(RUN),
    GITHUB_RUN_ATTEMPT: '2',
    GITHUB_SERVER_URL: 'https://github.com',
  };
}
