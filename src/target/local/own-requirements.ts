import { AyciError } from '../../errors.ts';
import { RUNTIME_NAMES } from '../../types/config.ts';
import { LIBRARIES } from '../../types/engines.ts';
import { isMarker } from './markers.ts';

/** A user's own versions of frameworks, hash-pinned. */
export interface OwnRequirements {
  /** What was read, a line for each package: nothing else of the file is installed. */
  readonly text: string;
  /** Normalised names. */
  readonly packages: ReadonlySet<string>;
}

// The rules are those of runtimes/own_requirements/pins.py, which puts a user's versions in the place of the lock's.
const PINNED =
  /^[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[A-Za-z0-9._, \t-]+\])?[ \t]*==[ \t]*([A-Za-z0-9.!+_-]+)[ \t]*(?:;[ \t]*([^#]*?))?((?:[ \t]+--hash=sha256:[0-9a-f]{64})+)[ \t]*$/;
const COMMENT = /(?:^|[ \t])#[^\n]*$/;
const TRAILING = /(?<![ \t])[ \t]+$/;
const LEADING = /^[ \t]+/;
/** Bytes. */
export const LARGEST_REQUIREMENTS = 1 << 20;

/** By PEP 503. */
function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Lines with what continues them, comments left out; each with the number of its first line. */
function logicalLines(text: string): readonly { readonly line: string; readonly at: number }[] {
  const found: { line: string; at: number }[] = [];
  let open = false;
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.replace(COMMENT, '').replace(TRAILING, '');
    const body = line.endsWith('\\') ? line.slice(0, -1) : line;
    const last = found.at(-1);
    if (open && last !== undefined) last.line += ` ${body}`;
    else found.push({ line: body, at: index + 1 });
    open = line.endsWith('\\');
  }
  const bare = found.map(({ line, at }) => ({ line: line.replace(LEADING, '').replace(TRAILING, ''), at }));
  return bare.filter(({ line }) => line !== '');
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
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_REQUIREMENTS) throw refuse(`has ${bytes} bytes, more than ${LARGEST_REQUIREMENTS}`);
  const packages = new Set<string>();
  const pins = new Map<string, string>();
  for (const { line, at } of logicalLines(text)) {
    const [, written, version, condition, hashes = ''] = PINNED.exec(line) ?? [];
    const marker = condition?.replace(TRAILING, '');
    if (written === undefined || (marker !== undefined && !isMarker(marker)))
      throw refuse(`line ${at} is no hash-pinned package, got ${JSON.stringify(line.slice(0, 80))}`);
    const name = normalised(written);
    const under = marker === undefined ? name : `${name} ; ${marker}`;
    if (pins.has(under)) throw refuse(`line ${at} pins ${name} again`);
    packages.add(name);
    const pin = marker === undefined ? `${name}==${version}` : `${name}==${version} ; ${marker}`;
    pins.set(under, [pin, ...hashes.trim().split(/[ \t]+/)].join(' '));
  }
  const libraries = RUNTIME_NAMES.flatMap(librariesOf);
  if (!libraries.some((name) => packages.has(name))) {
    throw refuse(`pins none of ${[...new Set(libraries)].sort().join(', ')}`);
  }
  return { text: `${[...pins.values()].join('\n')}\n`, packages };
}

/** Whether an environment (`pytorch`, `pytorch-convert`) gets them: those whose library they pin. */
export function appliesTo(own: OwnRequirements, environment: string): boolean {
  return librariesOf(environment).some((name) => own.packages.has(name));
}
