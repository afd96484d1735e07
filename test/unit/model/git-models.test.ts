import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelAt } from '../../../src/github/baseline/model-at.ts';
import { loadFromGit } from '../../../src/model/git.ts';
import { openRepository } from '../../../src/model/git-repository.ts';
import { loadModel } from '../../../src/model/load.ts';
import { modelSource } from '../../../src/model/source.ts';
import { isOfSavedModel } from '../../../src/model/tensorflow/files.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { GIT_ENV, git } from '../../support/git-repo.ts';
import { refusalOf } from '../../support/refusal.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const ENV = { env: GIT_ENV };

async function repository() {
  const folder = await temporaryFolder();
  git(folder.path, ['init', '-q', '-b', 'main']);
  return folder;
}

function commit(path: string): string {
  git(path, ['add', '-A']);
  git(path, ['commit', '-qm', 'x']);
  return git(path, ['rev-parse', 'HEAD']);
}

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1\n`;

describe('a SavedModel of another commit', () => {
  it('comes with all of its files and none beside them', async () => {
    await using repo = await repository();
    await using into = await temporaryFolder();
    const model = join(repo.path, 'models', 'a b');
    await cp(fixture('saved-default'), model, { recursive: true });
    await writeFile(join(model, 'README.md'), 'x');
    const first = commit(repo.path);
    const before = await loadModel(model, '--model');
    await writeFile(join(model, 'variables', 'variables.index'), 'other');
    const after = await loadModel(model, '--model');
    expect(after.key).not.toBe(before.key);
    const found = await loadFromGit('HEAD', model, into.path, '--baseline', ENV);
    expect(found).toMatchObject({ key: before.key, path: 'HEAD:models/a b', signature: before.signature });
    await using again = await temporaryFolder();
    const byFile = await loadFromGit('HEAD', join(model, 'saved_model.pb'), again.path, '--baseline', ENV);
    expect(byFile).toMatchObject({ key: before.key, path: 'HEAD:models/a b/saved_model.pb' });
    const { repository: opened, path } = await openRepository(model, ENV);
    expect(path).toBe('models/a b');
    expect(await modelAt(opened, first, path, model)).toEqual({ kind: 'file' });
    const second = commit(repo.path);
    expect(await modelAt(opened, second, path, model)).toEqual({ kind: 'same' });
  });

  it('may be the whole repository, and is read by the signature that is chosen', async () => {
    await using repo = await repository();
    await cp(fixture('saved-several'), repo.path, { recursive: true });
    commit(repo.path);
    const source = modelSource((input) => `--${input}`, ENV);
    const candidate = await source.candidate(repo.path, 'tokens');
    const baseline = await source.baseline({ kind: 'git', ref: 'main' }, repo.path, 'tokens');
    expect(baseline?.key).toBe(candidate.key);
    expect(baseline?.signature.outputs).toEqual(['sum']);
    await source.close();
    // The file that says which signature was chosen went with it.
    const chosen = candidate.files.find((file) => file.path === 'ayci-signature')?.source ?? '';
    await expect(readFile(chosen)).rejects.toThrow('ENOENT');
  });

  it('is null where it is new, and refused where a link is in the place of a file', async () => {
    await using repo = await repository();
    await using into = await temporaryFolder();
    await mkdir(join(repo.path, 'm'));
    await writeFile(join(repo.path, 'm', 'README.md'), 'x');
    const empty = commit(repo.path);
    const model = join(repo.path, 'm');
    await cp(fixture('saved-default'), model, { recursive: true });
    expect(await loadFromGit('HEAD', model, into.path, '--baseline', ENV)).toBeNull();
    const { repository: opened, path } = await openRepository(model, ENV);
    expect(await modelAt(opened, empty, path, model)).toMatchObject({ kind: 'refused' });
    await symlink('/etc/passwd', join(model, 'variables', 'link'));
    const linked = commit(repo.path);
    expect(await refusalOf(loadFromGit('HEAD', model, into.path, '--baseline', ENV))).toContain(
      '"m/variables/link" of HEAD cannot be had: it is a symbolic link',
    );
    expect(await modelAt(opened, linked, path, model)).toMatchObject({ kind: 'refused' });
  });

  it('whose tree leads out of its folder is refused, and nothing is written there', async () => {
    await using repo = await repository();
    await using into = await temporaryFolder();
    const model = join(repo.path, 'm');
    await cp(fixture('saved-default'), model, { recursive: true });
    const sound = commit(repo.path);
    const id = (path: string) => git(repo.path, ['rev-parse', `${sound}:${path}`]);
    // As git itself writes none: mktree refuses slashes, not these names.
    const tree = (entries: string) => git(repo.path, ['mktree'], entries);
    for (const name of ['..', '.']) {
      const inner = tree(`100644 blob ${id('m/saved_model.pb')}\twritten\n`);
      const variables = tree(`040000 tree ${inner}\t${name}\n`);
      const own = tree(`100644 blob ${id('m/saved_model.pb')}\tsaved_model.pb\n040000 tree ${variables}\tvariables\n`);
      const top = tree(`040000 tree ${own}\tm\n`);
      const hostile = git(repo.path, ['commit-tree', '-m', 'x', top]);
      expect(await refusalOf(loadFromGit(hostile, model, into.path, '--baseline', ENV))).toContain(
        `its tree has "m/variables/${name}/written", which leads out of its folder`,
      );
    }
    expect(await readdir(into.path)).toEqual([]);
  });

  it.each([
    ['variables/variables.index', true],
    ['assets/a/b.txt', true],
    ['variables/../x', false],
    ['variables/./x', false],
    ['assets//x', false],
    ['assets/a/..', false],
    ['assets/..\\x', false],
    ['assets/', false],
  ])('has %s among its files: %s', (path, is) => {
    expect(isOfSavedModel(path)).toBe(is);
  });

  it('whose weights are in Git LFS says so', async () => {
    await using repo = await repository();
    const model = join(repo.path, 'm');
    await cp(fixture('saved-default'), model, { recursive: true });
    const weights = join(model, 'variables', 'variables.data-00000-of-00001');
    const bytes = await readFile(weights);
    await writeFile(weights, pointer);
    const first = commit(repo.path);
    await writeFile(weights, bytes);
    const { repository: opened, path } = await openRepository(model, ENV);
    const there = await modelAt(opened, first, path, model);
    // Where git-lfs is installed it may bring them.
    if (there.kind === 'pointer') expect(there).toMatchObject({ key: null, canResolve: false });
    else expect(there).toEqual({ kind: 'file' });
  });
});

describe('an MXNet model of another commit', () => {
  it.each(['n', 'n-symbol.json', 'n-0000.params'])('comes with its other file by %s', async (name) => {
    await using repo = await repository();
    await using into = await temporaryFolder();
    for (const end of ['symbol.json', '0000.params']) await cp(fixture(`gluon-${end}`), join(repo.path, `n-${end}`));
    await writeFile(join(repo.path, 'other-0000.params'), 'x');
    const first = commit(repo.path);
    const path = join(repo.path, name);
    const model = await loadModel(path, '--model');
    const found = await loadFromGit('HEAD', path, into.path, '--baseline', ENV);
    expect(found).toMatchObject({ key: model.key, path: `HEAD:${name}` });
    const { repository: opened, path: inside } = await openRepository(path, ENV);
    expect(await modelAt(opened, first, inside, path)).toEqual({ kind: 'same' });
  });

  it('of another epoch is its only one', async () => {
    await using repo = await repository();
    await cp(fixture('gluon-symbol.json'), join(repo.path, 'n-symbol.json'));
    await cp(fixture('gluon-0000.params'), join(repo.path, 'n-0003.params'));
    const first = commit(repo.path);
    git(repo.path, ['mv', 'n-0003.params', 'n-0009.params']);
    commit(repo.path);
    const path = join(repo.path, 'n-0009.params');
    await using into = await temporaryFolder();
    const found = await loadFromGit(first, path, into.path, '--baseline', ENV);
    expect(found?.key).toBe((await loadModel(path, '--model')).key);
    await cp(path, join(repo.path, 'n-0010.params'));
    git(repo.path, ['rm', '-q', '--cached', 'n-0009.params']);
    await cp(path, join(repo.path, 'n-0011.params'));
    git(repo.path, ['add', 'n-0010.params', 'n-0011.params']);
    git(repo.path, ['commit', '-qm', 'two']);
    await using again = await temporaryFolder();
    expect(await refusalOf(loadFromGit('HEAD', path, again.path, '--baseline', ENV))).toContain(
      'parameters of 2 epochs',
    );
    await using third = await temporaryFolder();
    git(repo.path, ['rm', '-q', '--cached', 'n-symbol.json']);
    git(repo.path, ['commit', '-qm', 'none']);
    expect(await loadFromGit('HEAD', path, third.path, '--baseline', ENV)).toBeNull();
  });
});
