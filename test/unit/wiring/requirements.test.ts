import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ownRequirements } from '../../../src/wiring/requirements.ts';
import { type Event, githubEvent, pullRequestEvent, pushEvent } from '../../support/events.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { type CheckoutOptions, checkout, GIT_ENV, git, Origin } from '../../support/git-repo.ts';
import { hashOf } from '../../support/own-requirements.ts';

const FILE = 'ci/requirements.txt';
const torch = (version: string): string => `torch==${version} ${hashOf(version)}`;
const here = process.cwd();

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let origin: Origin;
let clones = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  origin = new Origin(folder.path);
});
afterEach(() => process.chdir(here));
afterAll(() => folder[Symbol.asyncDispose]());

/** A repository's files; null: it has no requirements, and so no such folder either. */
const files = (requirements: string | null, readme = '1'): Readonly<Record<string, string>> => ({
  'README.md': readme,
  ...(requirements === null ? {} : { [FILE]: requirements }),
});

interface Commits {
  readonly base: string;
  readonly head: string;
  readonly merge: string;
}

/** Main with these requirements, and a pull request that changes them; null: there is no such file. */
function changed(before: string | null, after: string | null): Commits {
  const base = origin.commit([], files(before));
  const head = origin.commit([base], files(after, '2'));
  const merge = origin.commit([base, head], files(after, '2'));
  origin.point('main', base);
  origin.point('refs/pull/7/merge', merge);
  return { base, head, merge };
}

interface Read {
  readonly text: string | null;
  readonly warned: readonly string[];
}

/** Reads the requirements as a job does that has checked a commit out. */
async function read(
  commit: string,
  event: Event,
  options: CheckoutOptions & { readonly lost?: true } = {},
): Promise<Read> {
  clones += 1;
  const clone = checkout(origin, join(folder.path, `clone-${clones}`), commit, options);
  if (options.lost) git(clone, ['remote', 'remove', 'origin']);
  const payload = join(folder.path, `event-${clones}.json`);
  writeFileSync(payload, JSON.stringify(event.payload));
  process.chdir(clone);
  const warned: string[] = [];
  const own = await ownRequirements(FILE, {
    entry: import.meta.url,
    inAction: true,
    env: { ...GIT_ENV, ...event.env, GITHUB_EVENT_PATH: payload, GITHUB_WORKSPACE: clone },
    logger: {
      info: () => undefined,
      debug: () => undefined,
      progress: () => undefined,
      warn: (line) => void warned.push(line),
    },
    signal: new AbortController().signal,
    placeOf: (name) => `with: ${name}`,
  });
  return { text: own?.text.trimEnd() ?? null, warned };
}

const CLONES: readonly [string, CheckoutOptions][] = [
  ['of depth 1', { depth: 1 }],
  ['full', { depth: 0 }],
  ['without blobs', { depth: 1, filter: 'blob:none' }],
];

describe.each(CLONES)('on a pull request, in a clone %s,', (_, options) => {
  it("the base's requirements count, not the pull request's", async () => {
    const { base, head, merge } = changed(torch('2.12.1'), torch('6.6.6'));
    const event = pullRequestEvent(merge, head, base);
    for (const commit of [merge, head])
      expect(await read(commit, event, options)).toEqual({ text: torch('2.12.1'), warned: [] });
  });
});

describe('on a pull request', () => {
  it('of a fork or of Dependabot it is the same', async () => {
    const { base, head, merge } = changed(torch('2.12.1'), torch('6.6.6'));
    const fork = pullRequestEvent(merge, head, base);
    fork.payload.pull_request.head.repo = { full_name: 'stranger/detector' };
    const dependabot = pullRequestEvent(merge, head, base, { GITHUB_ACTOR: 'dependabot[bot]' });
    for (const event of [fork, dependabot]) expect((await read(merge, event)).text).toBe(torch('2.12.1'));
  });

  it('none count that the base does not have, and the run says so', async () => {
    const { base, head, merge } = changed(null, torch('6.6.6'));
    expect(await read(merge, pullRequestEvent(merge, head, base))).toEqual({
      text: null,
      warned: [`The base has no ${FILE}: the runtimes' own versions are used until it is merged.`],
    });
  });

  it('those count that the pull request takes away or spoils', async () => {
    for (const after of [null, '--index-url https://host/']) {
      const { base, head, merge } = changed(torch('2.12.1'), after);
      expect(await read(merge, pullRequestEvent(merge, head, base))).toEqual({ text: torch('2.12.1'), warned: [] });
    }
  });

  it('those of the base are refused where they are none, whatever the pull request makes of them', async () => {
    const { base, head, merge } = changed('torch', torch('6.6.6'));
    await expect(read(merge, pullRequestEvent(merge, head, base))).rejects.toThrow(
      `with: runtime-requirements: "${FILE}" of the base: line 1 is no hash-pinned package, got "torch"`,
    );
  });

  it('none count where the base cannot be asked', async () => {
    const { base, head, merge } = changed(torch('2.12.1'), torch('6.6.6'));
    const { text, warned } = await read(merge, pullRequestEvent(merge, head, base), { lost: true });
    expect(text).toBeNull();
    expect(warned).toEqual([expect.stringMatching(new RegExp(`^The base's ${FILE} could not be read: .*no remote`))]);
  });
});

describe('elsewhere', () => {
  it('those that are checked out count', async () => {
    const { base, head } = changed(torch('2.12.1'), torch('2.13.0'));
    for (const event of [pushEvent(base, head), githubEvent('workflow_dispatch', head)])
      expect(await read(head, event)).toEqual({ text: torch('2.13.0'), warned: [] });
  });

  it('a file that is not there is an error, no file is none', async () => {
    const { base } = changed(null, torch('2.13.0'));
    await expect(read(base, githubEvent('workflow_dispatch', base))).rejects.toThrow(
      `with: runtime-requirements: there is no such file, got "${FILE}"; expected the path of a file of pinned requirements`,
    );
  });
});
