import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openClient } from '../../../src/github/client.ts';
import { type ForkModel, forkModel } from '../../../src/github/poster/fork-model.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { tinyOnnx } from '../../support/onnx.ts';
import { type PosterApi, posterApi, type StoredTree } from '../../support/poster-api.ts';
import { HEAD_SHA } from '../../support/poster-world.ts';

const model = Buffer.from(tinyOnnx());
const shaOf = (bytes: Buffer, name = 'sha1'): string =>
  createHash(name).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
const MODELS = '1'.repeat(40);
const file = (path: string, bytes: Buffer, mode = '100644') => ({
  ...{ path, mode, type: 'blob', sha: shaOf(bytes), size: bytes.length },
});
const folder = (path: string, sha: string) => ({ path, mode: '040000', type: 'tree', sha });
const pointer = Buffer.from(
  `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 123456789\n`,
);

interface Asked {
  readonly path?: string;
  readonly models?: StoredTree;
  readonly blobs?: Readonly<Record<string, Buffer>>;
  readonly refuse?: (method: string, path: string) => number | null;
}

async function asked<T>(
  { path = 'models/m.onnx', models = [file('m.onnx', model)], blobs = { [shaOf(model)]: model }, refuse }: Asked,
  use: (result: ForkModel | unknown, at: { readonly api: PosterApi; readonly folder: string }) => Promise<T>,
): Promise<T> {
  const trees = { [HEAD_SHA]: [folder('models', MODELS)], [MODELS]: models };
  await using api = await posterApi({ trees, blobs, ...(refuse === undefined ? {} : { refuse }) });
  await using temporary = await temporaryFolder();
  api.github.head = HEAD_SHA;
  const client = await openClient({ token: 'secret-token', apiUrl: api.url, sleep: async () => {} });
  const request = { owner: 'o', repo: 'r', pull: 7, path, folder: temporary.path };
  const result: unknown = await forkModel(client, request).catch((thrown: unknown) => thrown);
  return await use(result, { api, folder: temporary.path });
}

describe('a pull request’s model as data', () => {
  it.each(['models/m.onnx', './models/m.onnx'])('is one file of its newest commit, for %s', async (path) => {
    await asked({ path }, async (result, at) => {
      expect(result).toEqual({ file: join(at.folder, 'models/m.onnx'), commit: HEAD_SHA });
      expect(await readFile(join(at.folder, 'models/m.onnx'))).toEqual(model);
      expect(at.api.requests).toEqual([
        'GET /repos/o/r/pulls/7',
        `GET /repos/o/r/git/trees/${HEAD_SHA}`,
        `GET /repos/o/r/git/trees/${MODELS}`,
        `GET /repos/o/r/git/blobs/${shaOf(model)}`,
      ]);
    });
  });

  it('is proven by the hash of a repository that uses SHA-256', async () => {
    const sha = shaOf(model, 'sha256');
    await asked({ models: [{ ...file('m.onnx', model), sha }], blobs: { [sha]: model } }, async (result, at) => {
      expect(result).toMatchObject({ commit: HEAD_SHA });
      expect(await readFile(join(at.folder, 'models/m.onnx'))).toEqual(model);
    });
  });

  it.each<[string, Asked, RegExp]>([
    [
      'is not there',
      { models: [] },
      /^model models\/m\.onnx of pull request 7: is not there at a1a1a1a1a1a1; expected/,
    ],
    [
      'is a link',
      { models: [file('m.onnx', model, '120000')] },
      /is a link, a folder or a submodule; expected a file$/,
    ],
    ['is a submodule', { models: [file('m.onnx', model, '160000')] }, /is a link, a folder or a submodule/],
    ['is a folder', { path: 'models' }, /is a link, a folder or a submodule/],
    ['goes through a link', { path: 'models/m.onnx/x', models: [file('m.onnx', model, '120000')] }, /is a link/],
    [
      'is too large',
      { models: [{ ...file('m.onnx', model), size: 100_000_001 }] },
      /is too large for GitHub's API, got 100000001 bytes; expected at most 100 MB$/,
    ],
    [
      'is in Git LFS',
      { models: [file('m.onnx', pointer)], blobs: { [shaOf(pointer)]: pointer } },
      /is a pointer of Git LFS, got 123456789 bytes kept elsewhere/,
    ],
    ['leads out', { path: '../m.onnx' }, /leads elsewhere; expected a path in the repository$/],
    ['is absolute', { path: '/etc/passwd' }, /leads elsewhere/],
    ['is of git itself', { path: '.git/config' }, /leads elsewhere/],
  ])('is refused where it %s, and leaves nothing', async (_name, given, message) => {
    await asked(given, async (result, at) => {
      expect(result).toMatchObject({ code: 'bad-input', message: expect.stringMatching(message) });
      const left = await readdir(at.folder, { recursive: true, withFileTypes: true });
      expect(left.filter((entry) => !entry.isDirectory())).toEqual([]);
    });
  });

  it.each<[string, Asked]>([
    ['other bytes than the commit has', { blobs: { [shaOf(model)]: Buffer.alloc(model.length, 1) } }],
    ['more bytes than the commit has', { blobs: { [shaOf(model)]: Buffer.concat([model, model]) } }],
    ['nothing', { refuse: (_method, path) => (path.includes('/blobs/') ? 404 : null) }],
    ['no tree', { refuse: (_method, path) => (path.includes('/trees/') ? 403 : null) }],
    ['no pull request', { refuse: (_method, path) => (path.endsWith('/pulls/7') ? 404 : null) }],
  ])('is refused where GitHub gives %s, and leaves nothing', async (_name, given) => {
    await asked(given, async (result, at) => {
      expect(result).toBeInstanceOf(Error);
      expect(['environment', 'bad-input']).toContain((result as { code: string }).code);
      const left = await readdir(at.folder, { recursive: true, withFileTypes: true });
      expect(left.filter((entry) => !entry.isDirectory())).toEqual([]);
    });
  });
});
