import { mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './alive.ts';

/** A folder for the sandboxes' temporary folders; what AYCI processes that were killed left is removed. */
export async function makeScratch(): Promise<string> {
  const root = tmpdir();
  for (const name of readdirSync(root)) {
    const pid = /^ayci-sandboxes-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Another user's stays.
    await rm(join(root, name), { recursive: true, force: true }).catch(() => {});
  }
  return mkdtempSync(join(root, `ayci-sandboxes-${process.pid}-`));
}
