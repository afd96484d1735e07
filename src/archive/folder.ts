import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AyciError } from '../errors.ts';
import type { ArchiveStore, StoredObject } from '../ports.ts';
import { LARGEST_OBJECT, TooLargeError } from './limits.ts';
import { withLock } from './lock.ts';

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

function isAbsent(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
}

/** The archive as a folder. Objects are written beside and renamed, so that a reader sees an old or a new one, never half. */
export function folderArchive(folder: string): ArchiveStore {
  const name = JSON.stringify(folder);
  const root = resolve(folder);

  function pathOf(key: string): string {
    const segments = key.split('/');
    if (segments.some((part) => !/^[A-Za-z0-9._%-]+$/.test(part) || /^\.+$/.test(part))) {
      throw new AyciError('archive', `archive ${name}: ${JSON.stringify(key)} is not an object key`);
    }
    return join(root, ...segments);
  }

  function failed(doing: string, cause: unknown): AyciError {
    const code = codeOf(cause);
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      return new AyciError('archive', `archive ${name}: the disk is full`, {
        hint: 'Free some space and run again.',
        cause,
      });
    }
    return new AyciError('archive', `archive ${name}: cannot ${doing}`, {
      hint: 'Name a folder that can be written with --archive.',
      cause,
    });
  }

  async function replace(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await fill(temporary);
      await rename(temporary, path);
    } catch (cause) {
      await unlink(temporary).catch(() => undefined);
      throw cause;
    }
  }

  async function writeBytes(temporary: string, bytes: Uint8Array): Promise<void> {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async function read(key: string): Promise<StoredObject | null> {
    const path = pathOf(key);
    try {
      const { size } = await stat(path);
      if (size > LARGEST_OBJECT) throw new TooLargeError(name, key, size, LARGEST_OBJECT);
      const bytes = await readFile(path);
      return { bytes, etag: createHash('sha256').update(bytes).digest('hex') };
    } catch (cause) {
      if (isAbsent(cause)) return null;
      throw cause instanceof AyciError ? cause : failed('read', cause);
    }
  }

  async function has(key: string): Promise<boolean> {
    const path = pathOf(key);
    try {
      await stat(path);
      return true;
    } catch (cause) {
      if (isAbsent(cause)) return false;
      throw failed('read', cause);
    }
  }

  return {
    name,
    remote: false,
    read,
    has,
    async ready() {
      try {
        await mkdir(root, { recursive: true });
        const probe = join(root, `.${randomUUID()}.tmp`);
        await writeBytes(probe, new Uint8Array(1));
        await unlink(probe);
      } catch (cause) {
        throw failed('write', cause);
      }
    },
    async write(key, bytes, ifMatch) {
      const path = pathOf(key);
      try {
        await mkdir(dirname(path), { recursive: true });
        return await withLock(`${path}.lock`, async () => {
          const before = await read(key);
          if ((before?.etag ?? null) !== ifMatch) return false;
          await replace(path, (temporary) => writeBytes(temporary, bytes));
          return true;
        });
      } catch (cause) {
        throw cause instanceof AyciError ? cause : failed('write', cause);
      }
    },
    async putFile(key, source) {
      const path = pathOf(key);
      if (await has(key)) return;
      try {
        await mkdir(dirname(path), { recursive: true });
        await replace(path, (temporary) => copyFile(source, temporary, constants.COPYFILE_FICLONE));
      } catch (cause) {
        throw failed('write', cause);
      }
    },
    async getFile(key, target) {
      if (!(await has(key))) return false;
      try {
        await mkdir(dirname(target), { recursive: true });
        await replace(target, (temporary) => copyFile(pathOf(key), temporary, constants.COPYFILE_FICLONE));
        return true;
      } catch (cause) {
        throw failed('read', cause);
      }
    },
    async readUrl(key) {
      return pathToFileURL(pathOf(key)).href;
    },
    async writeUrl(key) {
      throw new AyciError(
        'internal',
        `archive ${name}: nothing can be uploaded to ${key}: a folder has no upload URLs`,
      );
    },
  };
}
