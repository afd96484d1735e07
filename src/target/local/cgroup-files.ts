import { execFile } from 'node:child_process';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { findExecutable } from './process.ts';

/** The three things one does to a control group. */
export interface GroupFiles {
  mkdir(path: string): Promise<void>;
  write(path: string, text: string): Promise<void>;
  rmdir(path: string): Promise<void>;
}

const AS_ROOT: GroupFiles = {
  async mkdir(path) {
    await mkdir(path);
  },
  write: (path, text) => writeFile(path, text),
  rmdir: (path) => rmdir(path),
};

function run(program: string, args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: 10_000 }, (error, _, stderr) => {
      if (error === null) resolve();
      else reject(new Error(stderr.trim().split('\n').at(-1) || error.message));
    });
    // A program that ends without reading is told of by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function throughSudo(sudo: string): GroupFiles {
  return {
    mkdir: (path) => run(sudo, ['-n', 'mkdir', path]),
    write: (path, text) => run(sudo, ['-n', 'tee', path], text),
    rmdir: (path) => run(sudo, ['-n', 'rmdir', path]),
  };
}

/**
 * How this process may write control groups.
 * @throws Error where it may not
 */
export async function groupFiles(uid: number, path: string): Promise<GroupFiles> {
  if (uid === 0) return AS_ROOT;
  const sudo = findExecutable('sudo', path);
  if (sudo === null) throw new Error('not root, and there is no sudo');
  await run(sudo, ['-n', 'true']).catch((error: Error) => {
    throw new Error(`not root, and sudo asks for a password: ${error.message}`);
  });
  return throughSudo(sudo);
}
