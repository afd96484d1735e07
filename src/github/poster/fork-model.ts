import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AyciError } from '../../errors.ts';
import { lfsPointerIn } from '../../model/lfs.ts';
import { visible } from '../../report/escape.ts';
import type { GithubClient } from '../client.ts';
import { boundedChunks, refusedBy } from './api.ts';

/** GitHub's API gives no larger ones. */
const LARGEST = 100_000_000;
const PERMISSION = 'contents: read';
const REGULAR = ['100644', '100755'];
const TREE = '040000';

export interface ForkModelRequest {
  /** The repository that the pull request was opened in: it has the fork's commits too, so no other one is asked. */
  readonly owner: string;
  readonly repo: string;
  readonly pull: number;
  /** The model in the repository, as the base's own settings name it; never as the fork does. */
  readonly path: string;
  /** An empty folder, which the model is put into under its path. */
  readonly folder: string;
}

export interface ForkModel {
  /** The file. */
  readonly file: string;
  /** The pull request's newest commit, whose model it is. */
  readonly commit: string;
}

interface Blob {
  readonly sha: string;
  readonly size: number;
}

function placeOf({ pull, path }: ForkModelRequest): string {
  return `model ${visible(path, 200)} of pull request ${pull}`;
}

function refuse(request: ForkModelRequest, what: string, expected: string, hint?: string): AyciError {
  const details = hint === undefined ? {} : { hint };
  return new AyciError('bad-input', `${placeOf(request)}: ${what}; expected ${expected}`, details);
}

function partsOf(request: ForkModelRequest): readonly string[] {
  const parts = request.path.replace(/^(\.\/)+/, '').split('/');
  const wrong = parts.some((part) => part === '' || part === '.' || part === '..' || /[\\\0]/.test(part));
  if (wrong || parts[0]?.toLowerCase() === '.git') throw refuse(request, 'leads elsewhere', 'a path in the repository');
  return parts;
}

/** Goes down the tree, and through no link: what a name of the tree leads to is what its entry says it is. */
async function blobAt(client: GithubClient, request: ForkModelRequest, commit: string): Promise<Blob> {
  const { owner, repo } = request;
  const parts = partsOf(request);
  let tree = commit;
  for (const [depth, part] of parts.entries()) {
    const answer = await client.rest.git
      .getTree({ owner, repo, tree_sha: tree })
      .catch((thrown: unknown) => Promise.reject(refusedBy(thrown, placeOf(request), PERMISSION)));
    const entry = answer.data.tree.find(({ path }) => path === part);
    const last = depth === parts.length - 1;
    if (entry?.sha == null) throw refuse(request, `is not there at ${commit.slice(0, 12)}`, 'a file of that commit');
    if (last && REGULAR.includes(entry.mode ?? '')) return { sha: entry.sha, size: entry.size ?? 0 };
    if (last || entry.mode !== TREE) throw refuse(request, 'is a link, a folder or a submodule', 'a file');
    tree = entry.sha;
  }
  throw refuse(request, 'is empty', 'a path in the repository');
}

/** Writes the blob, and proves by its own hash that it is that blob and no more. */
async function download(client: GithubClient, request: ForkModelRequest, blob: Blob, file: string): Promise<void> {
  const { owner, repo } = request;
  const { data } = await client
    .request('GET /repos/{owner}/{repo}/git/blobs/{file_sha}', {
      ...{ owner, repo, file_sha: blob.sha },
      headers: { accept: 'application/vnd.github.raw+json' },
      request: { parseSuccessResponseBody: false },
    })
    .catch((thrown: unknown) => Promise.reject(refusedBy(thrown, placeOf(request), PERMISSION)));
  const hash = createHash(blob.sha.length === 64 ? 'sha256' : 'sha1').update(`blob ${blob.size}\0`);
  await mkdir(dirname(file), { recursive: true });
  const written = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of boundedChunks(data, blob.size)) {
      hash.update(chunk);
      await written.write(chunk);
    }
  } finally {
    await written.close();
  }
  if (hash.digest('hex') !== blob.sha) throw refuse(request, 'came damaged, got other bytes', 'what the commit has');
}

/**
 * A pull request's model as data, for a run of a maintainer's: one file, by GitHub's API. Nothing is checked out, and
 * nothing of the fork is run.
 *
 * @throws AyciError `bad-input` where it is no plain file, too large or a pointer, `environment` where GitHub refuses
 */
export async function forkModel(client: GithubClient, request: ForkModelRequest): Promise<ForkModel> {
  const { owner, repo, pull, folder } = request;
  const file = join(folder, ...partsOf(request));
  const found = await client.rest.pulls
    .get({ owner, repo, pull_number: pull })
    .catch((thrown: unknown) => Promise.reject(refusedBy(thrown, `pull request ${pull}`, 'pull-requests: read')));
  const commit = found.data.head.sha;
  const blob = await blobAt(client, request, commit);
  if (blob.size > LARGEST) {
    throw refuse(request, `is too large for GitHub's API, got ${blob.size} bytes`, `at most ${LARGEST / 1e6} MB`);
  }
  try {
    await download(client, request, blob, file);
    const pointer = await lfsPointerIn(file);
    if (pointer === null) return { file, commit };
    throw refuse(
      request,
      `is a pointer of Git LFS, got ${pointer.size} bytes kept elsewhere`,
      'a file that git itself has',
      'Check the branch out and measure it by hand: docs/forks.md.',
    );
  } catch (thrown) {
    await rm(file, { force: true });
    if (thrown instanceof AyciError) throw thrown;
    throw refusedBy(thrown, placeOf(request), PERMISSION);
  }
}
