import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The code that a sandbox runs, by path below the runtimes' folder, sorted. */
function sources(runtimesDir: string, runtime: string, requirements: string): readonly string[] {
  const python = (folder: string): string[] =>
    readdirSync(join(runtimesDir, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.py'))
      .map((name) => `${folder}/${name}`);
  return [...python('common'), ...python(runtime), requirements].sort();
}

/** What an environment is made from; one that was asked to be of a certain Python is not that of another. */
export function requirementsDigest(requirements: string, askedPython: string | null): string {
  const hash = createHash('sha256').update(`${process.arch}\0${askedPython ?? ''}\0`);
  return hash.update(readFileSync(requirements)).digest('hex').slice(0, 12);
}

/** What a runtime is: its code, its locked requirements, its Python and its architecture; the local image digest. */
export function runtimeDigest(
  runtimesDir: string,
  runtime: string,
  requirements: string,
  pythonTag: string,
  architecture: string,
): string {
  const hash = createHash('sha256').update(`${pythonTag}\0${architecture}\0`);
  for (const path of sources(runtimesDir, runtime, relative(runtimesDir, requirements))) {
    const bytes = readFileSync(join(runtimesDir, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return `sha256:${hash.digest('hex')}`;
}
