import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { AyciError } from '../errors.ts';

/**
 * Writes a file that is not there yet, its folders too; false: it is there, whatever it holds, and stays.
 * @throws AyciError `bad-input` where a link leads out of the repository, `environment` where it cannot be written
 */
export async function writeNew(root: string, path: string, text: string): Promise<boolean> {
  const target = join(root, path);
  const failed = (cause: unknown): AyciError =>
    new AyciError('environment', `init: ${JSON.stringify(path)} cannot be written`, {
      hint: 'Check the permissions.',
      cause,
    });
  await mkdir(dirname(target), { recursive: true }).catch((cause: unknown) => {
    throw failed(cause);
  });
  const way = relative(await realpath(root), await realpath(dirname(target)));
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw new AyciError(
      'bad-input',
      `init: ${JSON.stringify(dirname(path))} leads out of the repository; expected a folder inside`,
      {
        hint: 'Is it a symbolic link?',
      },
    );
  }
  try {
    // Fails where anything is there, a dangling link too.
    await writeFile(target, text, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw failed(thrown);
  }
}
