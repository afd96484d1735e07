import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The code that a sandbox runs, by path below the runtimes' folder, sorted. */
function sources(runtimesDir: string, runtime: string): readonly string[] {
  const python = (folder: string): string[] =>
    readdirSync(join(runtimesDir, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.py'))
      .map((name) => `${folder}/${name}`);
  return [...python('common'), ...python(runtime)].sort();
}

/** What an environment is made from; one that was asked to be of a certain Python is not that of another. */
export function requirementsDigest(requirements: readonly (Buffer | string)[], askedPython: string | null): string {
  const hash = createHash('sha256').update(`${process.arch}\0${askedPython ?? ''}\0`);
  for (const one of requirements) hash.update(one);
  return hash.digest('hex').slice(0, 12);
}

/** What a runtime is: its code, its locked requirements, its Python and its architecture; the local image digest. */
export function runtimeDigest(
  runtimesDir: string,
  runtime: string,
  requirements: readonly (Buffer | string)[],
  pythonTag: string,
  architecture: string,
): string {
  const hash = createHash('sha256').update(`${pythonTag}\0${architecture}\0`);
  const files = sources(runtimesDir, runtime).map((path) => [path, readFileSync(join(runtimesDir, path))] as const);
  for (const [path, bytes] of [...files, ...requirements.map((one) => ['requirements', one] as const)]) {
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return `sha256:${hash.digest('hex')}`;
}
