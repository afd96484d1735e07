import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { folderArchive } from '../../../src/archive/folder.ts';
import { layout, MANIFEST, segment, slotName } from '../../../src/archive/keys.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../../../src/archive/manifest.ts';
import {
  artifactOf,
  fetchModel,
  findConverted,
  findModel,
  keepConverted,
  keepModel,
  keptArtifact,
} from '../../../src/archive/models.ts';
import { createS3Archive } from '../../../src/archive/s3/index.ts';
import { LOCAL_SCOPE } from '../../../src/github/context.ts';
import { nullLogger } from '../../../src/log.ts';
import { sha256 } from '../../../src/model/load.ts';
import type { ArchiveStore } from '../../../src/ports.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { CONVERTED, modelIn } from './child.ts';
import { type S3Double, startS3Double } from './s3-double.ts';

const PR = { write: 'o/r/pr', read: ['o/r/base', 'o/r/pr'] };
const BASE = { write: 'o/r/base', read: ['o/r/base'] };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function s3Store(double: S3Double): ArchiveStore {
  return createS3Archive({
    ...{ bucket: 'bucket', prefix: 'ayci', region: 'us-east-1', endpoint: double.endpoint, logger: nullLogger },
    credentials: async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }),
    placeOf: (input) => input,
  });
}

/** The same on a folder and on S3. */
async function onBoth(work: (store: ArchiveStore, scratch: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await work(folderArchive(join(folder.path, 'archive')), await mkdtemp(join(folder.path, 'scratch-')));
  await using double = await startS3Double();
  await work(s3Store(double), await mkdtemp(join(folder.path, 'scratch-')));
}

function manifestOf(files: Manifest['files']): Manifest {
  return { schema: 1, framework: 'onnx', path: 'm.onnx', entry: 'model.onnx', files, optimizeMs: 1, compileMs: null };
}

describe('a kept model', () => {
  it('is found and brought back, verified', async () => {
    await onBoth(async (store, scratch) => {
      const model = await modelIn(scratch);
      expect(await findModel(store, LOCAL_SCOPE, model.key)).toBeNull();
      await keepModel(store, LOCAL_SCOPE, model);
      const kept = await findModel(store, LOCAL_SCOPE, model.key);
      if (kept === null) throw new Error('not kept');
      const files = await fetchModel(store, kept, await mkdtemp(join(scratch, 'fetched-')));
      expect(files.map(({ source, ...file }) => file)).toEqual(model.files.map(({ source, ...file }) => file));
      for (const file of files) expect(sha256(await readFile(file.source))).toBe(file.sha256);
    });
  });

  it('is not kept twice: a pull request uses what the base branch kept', async () => {
    await using folder = await temporaryFolder();
    await using double = await startS3Double();
    const store = s3Store(double);
    const model = await modelIn(folder.path);
    await keepModel(store, BASE, model);
    const before = [...double.objects.keys()];
    const artifact = await keptArtifact(store, PR, model);
    expect([...double.objects.keys()]).toEqual(before);
    expect(artifact.files.map((file) => file.url)).toEqual(
      model.files.map((file) => `archive:o/r/base/models/${model.key}/${file.path}`),
    );
  });

  it('has file: URLs in a folder', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(join(folder.path, 'archive'));
    const model = await modelIn(folder.path);
    const artifact = await keptArtifact(store, LOCAL_SCOPE, model);
    for (const file of artifact.files) expect(sha256(await readFile(fileURLToPath(file.url)))).toBe(file.sha256);
    expect(artifactOf(model).files[0]?.url).toBe(pathToFileURL(join(folder.path, 'model.onnx')).href);
  });

  it('that lost a file counts as not there, and is made whole again', async () => {
    await using folder = await temporaryFolder();
    await using double = await startS3Double();
    const store = s3Store(double);
    const model = await modelIn(folder.path);
    await keepModel(store, LOCAL_SCOPE, model);
    double.objects.delete(`/bucket/ayci/local/models/${model.key}/weights.bin`);
    expect(await findModel(store, LOCAL_SCOPE, model.key)).toBeNull();
    await keepModel(store, LOCAL_SCOPE, model);
    expect(await findModel(store, LOCAL_SCOPE, model.key)).not.toBeNull();
  });

  it('that is damaged is refused', async () => {
    await onBoth(async (store, scratch) => {
      const model = await modelIn(scratch);
      const [first] = model.files;
      await store.write(layout('local').model(model.key, segment(first?.path ?? '')), bytesOf('planted'), null);
      const kept = await keepModel(store, LOCAL_SCOPE, model);
      await expect(fetchModel(store, kept, scratch)).rejects.toMatchObject({
        code: 'archive',
        message: expect.stringContaining('is damaged: its SHA-256 is not that of the manifest'),
      });
    });
  });

  it('whose manifest was planted does not stand for the model', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(join(folder.path, 'archive'));
    const model = await modelIn(folder.path);
    const planted = join(folder.path, 'planted');
    await writeFile(planted, 'planted');
    const at = layout(LOCAL_SCOPE.write);
    await store.putFile(at.model(model.key, 'planted'), planted);
    const files = [{ path: 'model.onnx', sha256: sha256('planted'), size: 7, object: 'planted' }];
    await store.write(at.model(model.key, MANIFEST), encodeManifest(manifestOf(files)), null);
    const artifact = await keptArtifact(store, LOCAL_SCOPE, model);
    expect(artifact.files.map((file) => file.sha256)).toEqual(model.files.map((file) => file.sha256));
  });
});

describe('a converted model', () => {
  const id = { key: `${'a'.repeat(64)}-10`, ...CONVERTED };

  it('is found, by archive: URLs on S3 and file: URLs in a folder', async () => {
    await onBoth(async (store, scratch) => {
      await writeFile(join(scratch, 'out'), 'converted');
      const files = [{ path: 'model.onnx', sha256: sha256('converted'), size: 9 }];
      const kept = await keepConverted(
        store,
        LOCAL_SCOPE,
        id,
        manifestOf(files),
        new Map([['model.onnx', join(scratch, 'out')]]),
      );
      expect(await findConverted(store, LOCAL_SCOPE, id)).toEqual(kept);
      expect(kept).toMatchObject({ optimizeMs: 1, compileMs: null, artifact: { entry: 'model.onnx', files } });
      expect(kept.artifact.files[0]?.url).toMatch(
        store.remote ? new RegExp(`^archive:local/converted/${id.key}/onnx-x86_64-dddddddddddddddd/`) : /^file:\/\//,
      );
      expect(await findConverted(store, LOCAL_SCOPE, { ...id, converterDigest: 'sha256:other' })).toBeNull();
    });
  });

  it('that a converter uploaded to slots is read from there', async () => {
    await using double = await startS3Double();
    const store = s3Store(double);
    const nonce = '6f1e';
    const slot = layout('local').slot(id.key, id.optimizer, id.hardware, id.converterDigest, nonce, 3);
    await fetch(await store.writeUrl(slot), { method: 'PUT', body: 'uploaded' });
    const files = [{ path: 'model.onnx', sha256: sha256('uploaded'), size: 8, object: slotName(nonce, 3) }];
    const kept = await keepConverted(store, LOCAL_SCOPE, id, manifestOf(files), new Map());
    expect(kept.artifact.files[0]?.url).toBe(`archive:${slot}`);
    double.objects.delete(`/bucket/ayci/${slot}`);
    expect(await findConverted(store, LOCAL_SCOPE, id)).toBeNull();
  });

  it('that lost a file is made anew, whatever bytes its converter writes now', async () => {
    await onBoth(async (store, scratch) => {
      const keep = async (text: string, at: ArchiveStore) => {
        await writeFile(join(scratch, 'out'), text);
        const files = [{ path: 'model.onnx', sha256: sha256(text), size: text.length }];
        return keepConverted(at, LOCAL_SCOPE, id, manifestOf(files), new Map([['model.onnx', join(scratch, 'out')]]));
      };
      await keep('first', store);
      const gone = layout('local').converted(id.key, id.optimizer, id.hardware, id.converterDigest, sha256('first'));
      const lossy = { ...store, has: async (key: string) => key !== gone && (await store.has(key)) };
      expect(await findConverted(lossy, LOCAL_SCOPE, id)).toBeNull();
      const again = await keep('second', lossy);
      expect(again.artifact.files[0]?.sha256).toBe(sha256('second'));
      expect(await findConverted(lossy, LOCAL_SCOPE, id)).toEqual(again);
    });
  });

  it('that another run kept first is the one', async () => {
    await onBoth(async (store, scratch) => {
      const keep = async (text: string) => {
        await writeFile(join(scratch, 'out'), text);
        const files = [{ path: 'model.onnx', sha256: sha256(text), size: text.length }];
        return keepConverted(
          store,
          LOCAL_SCOPE,
          id,
          manifestOf(files),
          new Map([['model.onnx', join(scratch, 'out')]]),
        );
      };
      const first = await keep('first');
      expect(await keep('second')).toEqual(first);
    });
  });

  it.each([
    ['damaged', 'half'],
    ['of a newer schema', '{"schema":2}'],
  ])('serves where the manifest there is %s, which is kept', async (_name, manifest) => {
    await onBoth(async (store, scratch) => {
      const key = layout('local').converted(id.key, id.optimizer, id.hardware, id.converterDigest, MANIFEST);
      await store.write(key, bytesOf(manifest), null);
      await writeFile(join(scratch, 'out'), 'converted');
      const files = [{ path: 'model.onnx', sha256: sha256('converted'), size: 9 }];
      const kept = await keepConverted(
        store,
        LOCAL_SCOPE,
        id,
        manifestOf(files),
        new Map([['model.onnx', join(scratch, 'out')]]),
      );
      expect(kept.artifact.files).toHaveLength(1);
      expect(new TextDecoder().decode((await store.read(key))?.bytes)).toBe(manifest);
    });
  });

  it('of an earlier version, whose manifest names no objects, is found', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(folder.path);
    const at = (object: string) =>
      layout('local').converted(id.key, id.optimizer, id.hardware, id.converterDigest, object);
    await store.write(at('weights%2Fw.bin'), bytesOf('w'), null);
    const files = [{ path: 'weights/w.bin', sha256: sha256('w'), size: 1 }];
    await store.write(at(MANIFEST), encodeManifest(manifestOf(files)), null);
    expect((await findConverted(store, LOCAL_SCOPE, id))?.artifact.files[0]?.url).toMatch(/weights%252Fw\.bin$/);
  });
});

describe('a manifest', () => {
  const file = { path: 'model.onnx', sha256: 'a'.repeat(64), size: 1 };
  it('comes back as it was written', () => {
    const manifest = manifestOf([
      { ...file, path: 'a b/c.bin' },
      { ...file, object: 'slot%.n.0' },
    ]);
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  });

  it.each([
    ['climbs', { ...file, path: '../../etc/passwd' }],
    ['climbs inside', { ...file, path: 'a/../../b' }],
    ['is absolute', { ...file, path: '/etc/passwd' }],
    ['has a backslash', { ...file, path: 'a\\b' }],
    ['has a null', { ...file, path: 'a\0b' }],
    ['is empty', { ...file, path: '' }],
    ['has an object elsewhere', { ...file, object: '../x' }],
    ['has an object below', { ...file, object: 'a/b' }],
    ['has a bad hash', { ...file, sha256: 'x' }],
    ['has a fraction of a byte', { ...file, size: 1.5 }],
    ['has what nobody knows', { ...file, mode: '0777' }],
  ])('whose file %s is none', (_name, bad) => {
    expect(decodeManifest(encodeManifest(manifestOf([bad])))).toBeNull();
  });

  it('without files is none', () => {
    expect(decodeManifest(encodeManifest(manifestOf([])))).toBeNull();
  });
});

describe('the folder as a store', () => {
  it('has what it has, brings it, and gives URLs', async () => {
    await using folder = await temporaryFolder();
    const store = folderArchive(join(folder.path, 'archive'));
    await store.write('a/b', bytesOf('1'), null);
    expect([await store.has('a/b'), await store.has('a/c'), await store.has('a/b/c')]).toEqual([true, false, false]);
    expect(await store.getFile('a/b', join(folder.path, 'sub', 'b'))).toBe(true);
    expect(await readFile(join(folder.path, 'sub', 'b'), 'utf8')).toBe('1');
    expect(await store.getFile('a/c', join(folder.path, 'c'))).toBe(false);
    expect(await readdir(join(folder.path, 'sub'))).toEqual(['b']);
    expect(await readFile(fileURLToPath(await store.readUrl('a/b')), 'utf8')).toBe('1');
    await expect(store.writeUrl('a/b')).rejects.toMatchObject({ code: 'internal' });
  });

  it('says in one line what cannot be read', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'x'));
    await expect(folderArchive(folder.path).read('x')).rejects.toThrow(/^archive ".*": cannot read$/);
    await rm(join(folder.path, 'x'), { recursive: true });
  });
});
