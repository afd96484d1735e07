import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFile, repositoryFiles } from '../../../src/config/files.ts';
import { readTextFile } from '../../../src/config/text-file.ts';
import { LARGEST_CONFIG } from '../../../src/config/yaml.ts';
import { temporaryFolder } from '../../support/folder.ts';

function touch(root: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
  }
}

describe('repositoryFiles', () => {
  it('finds what a glob names, and nothing in node_modules, hidden folders or links', async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, 'repository');
    touch(root, 'm/a.onnx', 'm/deep/b.onnx', 'm/(1).onnx', '.cache/c.onnx', 'node_modules/x/d.onnx', 'm/readme.md');
    touch(folder.path, 'outside/secret.onnx');
    symlinkSync('../../outside/secret.onnx', join(root, 'm/link.onnx'));
    symlinkSync('../outside', join(root, 'linked'));
    const list = repositoryFiles(root);
    expect([...(await list('**/*.onnx'))].sort()).toEqual(['m/(1).onnx', 'm/a.onnx', 'm/deep/b.onnx']);
    expect(await list('m/(?).onnx')).toEqual(['m/(1).onnx']);
    expect(await list('m')).toEqual(['m']);
    expect(await list('{.,..}/outside/*')).toEqual([]);
  });

  it('a path is itself, or nothing', async () => {
    await using folder = await temporaryFolder();
    touch(folder.path, 'm/a.onnx');
    symlinkSync('a.onnx', join(folder.path, 'm/same.onnx'));
    const list = repositoryFiles(folder.path);
    expect(await list('m/a.onnx')).toEqual(['m/a.onnx']);
    expect(await list('m/same.onnx')).toEqual(['m/same.onnx']);
    expect(await list('m/b.onnx')).toEqual([]);
  });

  it('what leads outside is refused, by path and by glob', async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, 'repository');
    touch(root, 'm/a.onnx');
    touch(folder.path, 'outside/secret.onnx');
    symlinkSync('../../outside/secret.onnx', join(root, 'm/link.onnx'));
    symlinkSync('../outside', join(root, 'linked'));
    const list = repositoryFiles(root);
    const refused = { code: 'bad-input', message: expect.stringMatching(/lies outside the repository/) };
    await expect(list('m/link.onnx')).rejects.toMatchObject(refused);
    await expect(list('linked/secret.onnx')).rejects.toMatchObject(refused);
    await expect(list('linked/*.onnx')).rejects.toMatchObject(refused);
  });
});

describe('a text file', () => {
  const refused = async (path: string): Promise<string> =>
    readTextFile(path, configFile(path, '--config')).then(
      () => 'it was accepted',
      (thrown: Error) => thrown.message,
    );

  it('reads text, and refuses what is none', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    writeFileSync(at('good.yml'), 'models: [ü.onnx]\n');
    writeFileSync(at('latin.yml'), Buffer.from([0x61, 0xfc, 0x0a]));
    writeFileSync(at('large.yml'), '#'.repeat(LARGEST_CONFIG + 1));
    expect(await readTextFile(at('good.yml'), configFile('good.yml', '--config'))).toBe('models: [ü.onnx]\n');
    expect(await refused(at('none.yml'))).toContain('--config: there is no such file, got');
    expect(await refused(at('latin.yml'))).toContain('is not UTF-8 text');
    expect(await refused(at('large.yml'))).toContain(`has ${LARGEST_CONFIG + 1} bytes, more than ${LARGEST_CONFIG}`);
    expect(await refused(folder.path)).toContain('is not a regular file');
  });

  it.skipIf(process.getuid?.() === 0)('says that it may not be read (not as root, who may read all)', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'closed.yml');
    writeFileSync(path, 'models: [a.onnx]\n');
    chmodSync(path, 0);
    expect(await refused(path)).toContain('cannot be read');
  });
});
