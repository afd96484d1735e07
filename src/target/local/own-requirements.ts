import { AyciError } from '../../errors.ts';
import { RUNTIME_NAMES } from '../../types/config.ts';
import { LIBRARIES } from '../../types/runtimes.ts';

/** A user's own versions of frameworks, hash-pinned. */
export interface OwnRequirements {
  readonly text: string;
  /** Normalised names. */
  readonly packages: ReadonlySet<string>;
}

const PINNED =
  /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[A-Za-z0-9._,\s-]+\])?\s*==\s*[A-Za-z0-9.!+_-]+\s*(?:;[^#]*?)?((?:\s+--hash=sha256:[0-9a-f]{64})+)$/;
const MOST_BYTES = 1 << 20;

/** By PEP 503. */
function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Lines with what continues them, comments left out; each with the number of its first line. */
function logicalLines(text: string): readonly { readonly line: string; readonly at: number }[] {
  const found: { line: string; at: number }[] = [];
  let open = false;
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.replace(/(^|\s)#.*$/, '').trimEnd();
    const body = line.endsWith('\\') ? line.slice(0, -1) : line;
    const last = found.at(-1);
    if (open && last !== undefined) last.line += ` ${body}`;
    else found.push({ line: body, at: index + 1 });
    open = line.endsWith('\\');
  }
  return found.map(({ line, at }) => ({ line: line.trim(), at })).filter(({ line }) => line !== '');
}

/** The libraries that a runtime's environment is about, as their packages are called. */
function librariesOf(environment: string): readonly string[] {
  const runtime = RUNTIME_NAMES.find((name) => environment === name || environment === `${name}-convert`);
  return runtime === undefined ? [] : [LIBRARIES[runtime], `${LIBRARIES[runtime]}-cpu`];
}

/**
 * Reads a file of requirements: only packages with one version and hashes, no options, no addresses.
 * @param place how messages name the file
 * @throws AyciError `bad-input`
 */
export function parseOwnRequirements(text: string, place: string): OwnRequirements {
  const refuse = (what: string): AyciError =>
    new AyciError('bad-input', `${place}: ${what}; expected lines NAME==VERSION --hash=sha256:HEX`, {
      hint: 'Make it with: uv pip compile --universal --generate-hashes --no-emit-index-url.',
    });
  if (text.length > MOST_BYTES) throw refuse(`has ${text.length} bytes, more than ${MOST_BYTES}`);
  const packages = new Set<string>();
  for (const { line, at } of logicalLines(text)) {
    const name = PINNED.exec(line)?.[1];
    if (name === undefined)
      throw refuse(`line ${at} is no hash-pinned package, got ${JSON.stringify(line.slice(0, 80))}`);
    packages.add(normalised(name));
  }
  const libraries = RUNTIME_NAMES.flatMap(librariesOf);
  if (!libraries.some((name) => packages.has(name))) {
    throw refuse(`pins none of ${[...new Set(libraries)].sort().join(', ')}`);
  }
  return { text, packages };
}

/** Whether an environment (`pytorch`, `pytorch-convert`) gets them: those whose library they pin. */
export function appliesTo(own: OwnRequirements, environment: string): boolean {
  return librariesOf(environment).some((name) => own.packages.has(name));
}
