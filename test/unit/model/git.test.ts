import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dvcPointer } from '../../../src/model/dvc.ts';
import { openRepository } from '../../../src/model/git-repository.ts';
import { GitError, plainWords, runGit } from '../../../src/model/git-run.ts';
import { lfsPointer } from '../../../src/model/lfs.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { checkout, GIT_ENV, git, Origin } from '../../support/git-repo.ts';

const bytes = (text: string) => Buffer.from(text);
const OID = 'ab'.repeat(32);
const HEAD = `version https://git-lfs.github.com/spec/v1\noid sha256:${OID}\n`;

describe('a Git LFS pointer', () => {
  it('is read, an extended one and an old one too', () => {
    expect(lfsPointer(bytes(`${HEAD}size 12345\n`))).toEqual({ sha256: OID, size: 12345 });
    const extended = `version https://git-lfs.github.com/spec/v1\next-0-foo sha256:${'0'.repeat(64)}\noid sha256:${OID}\nsize 1\n`;
    expect(lfsPointer(bytes(extended))).toEqual({ sha256: OID, size: 1 });
    expect(lfsPointer(bytes(`version https://hawser.github.com/spec/v1\noid sha256:${OID}\nsize 1\n`))).not.toBeNull();
  });

  it.each([
    ['content', 'version of a model'],
    ['one without size', HEAD],
    ['one without hash', 'version https://git-lfs.github.com/spec/v1\nsize 1\n'],
    ['another host', `${HEAD.replace('git-lfs.github.com', 'git-lfs.example')}size 1\n`],
    ['one that is too large', `${HEAD}size 1\n${' '.repeat(1024)}`],
  ])('is not %s', (_, text) => {
    expect(lfsPointer(bytes(text))).toBeNull();
  });
});

describe('a DVC pointer', () => {
  const md5 = 'cd'.repeat(16);

  it('is read', () => {
    expect(dvcPointer(`outs:\n- md5: ${md5}\n  size: 1\n  hash: md5\n  path: m.onnx\n`, 'm.onnx')).toEqual({ md5 });
  });

  it.each([
    ['of another file', `outs:\n- md5: ${md5}\n  path: n.onnx\n`],
    ['of a folder', `outs:\n- md5: ${md5}.dir\n  path: m.onnx\n`],
    ['that is no YAML', 'outs: [}'],
    ['that is empty', ''],
    ['of another form', 'outs: 3'],
    ['with anchors', `a: &a ${md5}\nouts:\n- md5: *a\n  path: m.onnx\n`],
  ])('%s tells nothing', (_, text) => {
    expect(dvcPointer(text, 'm.onnx')).toBeNull();
  });
});

describe("git's words", () => {
  it('lose what could be a secret', () => {
    const said = "warning: x\nfatal: unable to access 'https://u:ghs_secret@host/r.git/?sig=abc': 403\nmore";
    expect(plainWords(said)).toBe("unable to access 'https://host/r.git/': 403");
    expect(plainWords('')).toBe('git failed');
    expect(plainWords(`fatal: ${'x'.repeat(1000)}`)).toHaveLength(300);
  });

  it('come as an error, and a failure to start as one of its own', async () => {
    await using folder = await temporaryFolder();
    await expect(runGit({ cwd: folder.path, env: GIT_ENV }, ['rev-parse', 'HEAD'])).rejects.toMatchObject({
      name: 'GitError',
      isMissing: false,
      message: expect.stringContaining('not a git repository'),
    });
    const lost = runGit({ cwd: folder.path, env: { PATH: '/nonexistent' } }, ['status']);
    await expect(lost).rejects.toMatchObject({ isMissing: true, message: 'git cannot be started' });
  });
});

describe('a repository', () => {
  it('gives bytes as they are', async () => {
    await using folder = await temporaryFolder();
    const origin = new Origin(folder.path);
    const every = Uint8Array.from({ length: 1024 }, (_, at) => at % 256);
    const commit = origin.commit([], { 'm.onnx': every });
    const at = checkout(origin, join(folder.path, 'clone'), commit);
    const { repository, path } = await openRepository(join(at, 'm.onnx'), { env: GIT_ENV });
    const entry = await repository.entry(commit, path);
    await repository.copy(entry?.id ?? '', join(folder.path, 'copy'));
    expect(new Uint8Array(await readFile(join(folder.path, 'copy')))).toEqual(every);
  });

  it('is found around a file of any name, at the top and below', async () => {
    await using folder = await temporaryFolder();
    const origin = new Origin(folder.path);
    const names = ['-m.onnx', ':m.onnx', '*.onnx', 'a b/[x].onnx'];
    const commit = origin.commit([], Object.fromEntries(names.map((name) => [name, name])));
    const at = checkout(origin, join(folder.path, 'clone'), commit);
    for (const name of names) {
      const { repository, path } = await openRepository(join(at, name), { env: GIT_ENV });
      expect(path).toBe(name);
      const entry = await repository.entry(commit, path);
      expect([name, entry?.kind]).toEqual([name, 'file']);
    }
    const { repository } = await openRepository(join(at, '-m.onnx'), { env: GIT_ENV });
    expect(await repository.entry(commit, 'a b')).toMatchObject({ kind: 'folder' });
    expect(await repository.entry(commit, 'n.onnx')).toBeNull();
  });

  it('asks its remote for no branch whose name is not one', async () => {
    await using folder = await temporaryFolder();
    const origin = new Origin(folder.path);
    const commit = origin.commit([], { m: '1' });
    origin.point('main', commit);
    const at = checkout(origin, join(folder.path, 'clone'), commit);
    const { repository } = await openRepository(join(at, 'm'), { env: GIT_ENV });
    expect(await repository.tip('main')).toBe(commit);
    for (const name of ['--upload-pack=x', 'ma*', 'main:x', '', 'a b', 'nowhere'])
      expect(await repository.tip(name)).toBeNull();
  });

  it('says that it is a submodule', async () => {
    await using folder = await temporaryFolder();
    const origin = new Origin(folder.path);
    const commit = origin.commit([], { m: '1' });
    origin.point('main', commit);
    const outer = join(folder.path, 'outer');
    await mkdir(outer);
    git(outer, ['init', '-q']);
    git(outer, ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin.url, 'sub']);
    expect((await openRepository(join(outer, 'sub', 'm'), { env: GIT_ENV })).isSubmodule).toBe(true);
    await writeFile(join(outer, 'n'), '');
    expect((await openRepository(join(outer, 'n'), { env: GIT_ENV })).isSubmodule).toBe(false);
  });

  it('without a work tree is none', async () => {
    await using folder = await temporaryFolder();
    const origin = new Origin(folder.path);
    await expect(openRepository(join(origin.path, 'HEAD'), { env: GIT_ENV })).rejects.toBeInstanceOf(GitError);
  });
});
