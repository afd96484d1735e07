import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { AyciError } from '../errors.ts';
import { quoted } from '../inputs/values.ts';

/** A value of a YAML file, and the line it begins on. Aliases are resolved. */
export type Located =
  | { readonly kind: 'scalar'; readonly line: number; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly Located[] }
  | { readonly kind: 'map'; readonly line: number; readonly entries: ReadonlyMap<string, Entry> };

/** `line` is the key's. */
export interface Entry {
  readonly line: number;
  readonly value: Located;
}

/** 256 KB hold 200 models with everything said of each. */
export const LARGEST_CONFIG = 256 * 1024;
/** Aliases of aliases multiply: this many values are the end, wherever they come from. */
const MOST_VALUES = 20_000;
const DEEPEST = 20;

interface Reading {
  readonly file: string;
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly lines: LineCounter;
  values: number;
}

/**
 * Reads YAML 1.2 (core schema) with the line of every value.
 * @param file how messages name it
 * @throws AyciError `bad-input` where it is not YAML, too large, or names a key twice
 */
export function readYaml(text: string, file: string): Located {
  if (Buffer.byteLength(text) > LARGEST_CONFIG) {
    throw new AyciError(
      'bad-input',
      `${file}: is too large, got ${Buffer.byteLength(text)} bytes; expected at most ${LARGEST_CONFIG}`,
    );
  }
  const lines = new LineCounter();
  const { document, targets } = parse(text, file, lines);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line ?? 1;
    const what = (problem.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
    if (what.startsWith('Maximum call stack')) throw tooDeep(`${file}:${line}`);
    throw new AyciError('bad-input', `${file}:${line}: is not YAML that can be read: ${quoted(what).slice(1, -1)}`, {
      hint: 'Is the indentation right?',
    });
  }
  if (document.directives?.yaml.explicit === true) {
    throw new AyciError('bad-input', `${file}:1: has a %YAML directive; expected YAML 1.2 without one`);
  }
  return located(document.contents, { file, targets, lines, values: 0 }, 0);
}

interface Parsed {
  readonly document: Document;
  /** What each alias means: the newest anchor of that name before it. */
  readonly targets: ReadonlyMap<Alias, Node>;
}

function parse(text: string, file: string, lineCounter: LineCounter): Parsed {
  try {
    // Keys are compared below: the parser's own search takes a time that grows with their square.
    const document = parseDocument(text, { lineCounter, schema: 'core', uniqueKeys: false, prettyErrors: true });
    return { document, targets: targetsOf(document) };
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw tooDeep(file);
  }
}

function tooDeep(place: string): AyciError {
  return new AyciError('bad-input', `${place}: is nested too deeply; expected at most ${DEEPEST} levels`);
}

/** One pass over the document, where `Alias.resolve` takes one for each alias. */
function targetsOf(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_key, alias) {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function located(node: unknown, reading: Reading, depth: number): Located {
  const { file } = reading;
  const line = lineOf(node, reading);
  reading.values += 1;
  if (reading.values > MOST_VALUES) {
    throw new AyciError(
      'bad-input',
      `${file}:${line}: expands to more than ${MOST_VALUES} values; expected a file that does not`,
      {
        hint: 'Do its aliases (*name) multiply?',
      },
    );
  }
  if (depth > DEEPEST) throw tooDeep(`${file}:${line}`);
  if (isAlias(node)) return located(resolved(node, reading, line), reading, depth + 1);
  if (isSeq(node)) {
    return { kind: 'list', line, items: node.items.map((item) => located(item, reading, depth + 1)) };
  }
  if (isMap(node)) {
    const entries = new Map<string, Entry>();
    for (const { key, value } of node.items) {
      const name = located(key, reading, depth + 1);
      if (name.kind !== 'scalar' || name.value === null) {
        throw new AyciError('bad-input', `${file}:${name.line}: has a key that is no text; expected a name`);
      }
      const written = String(name.value);
      if (entries.has(written)) {
        throw new AyciError(
          'bad-input',
          `${file}:${name.line}: names ${quoted(written)} twice; expected it once (first on line ${entries.get(written)?.line})`,
        );
      }
      const at =
        value === null ? { kind: 'scalar' as const, line: name.line, value: null } : located(value, reading, depth + 1);
      entries.set(written, { line: name.line, value: at });
    }
    return { kind: 'map', line, entries };
  }
  return { kind: 'scalar', line, value: scalarOf(node, file, line) };
}

function resolved(alias: Alias, { targets, file }: Reading, line: number): Node {
  const found = targets.get(alias);
  if (found === undefined)
    throw new AyciError('bad-input', `${file}:${line}: *${alias.source} has no anchor before it`);
  return found;
}

function scalarOf(node: unknown, file: string, line: number): string | number | boolean | null {
  const value = isScalar(node) ? node.value : null;
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  throw new AyciError(
    'bad-input',
    `${file}:${line}: holds a value of an unknown type; expected text, a number, a list or a map`,
  );
}

function lineOf(node: unknown, { lines }: Reading): number {
  const range = (node as Node | null)?.range;
  return range ? lines.linePos(range[0]).line : 1;
}
