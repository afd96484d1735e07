import { describe, expect, it } from 'vitest';
import { LARGEST_CONFIG, type Located, readYaml } from '../../../src/config/yaml.ts';
import { AyciError } from '../../../src/errors.ts';

function refused(text: string): string {
  try {
    readYaml(text, 'a.yml');
  } catch (thrown) {
    if (thrown instanceof AyciError && thrown.code === 'bad-input') return thrown.message;
    throw thrown;
  }
  throw new Error('it was accepted');
}

/** Values alone, without lines. */
function plain(value: Located): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plain);
  return Object.fromEntries([...value.entries].map(([name, entry]) => [name, plain(entry.value)]));
}

/** `levels` aliases, each ten of the one before. */
function bomb(levels: number): string {
  const ten = (of: string): string => `[${Array(10).fill(of).join(', ')}]`;
  const lines = [`a0: &a0 ${ten('x')}`];
  for (let at = 1; at < levels; at += 1) lines.push(`a${at}: &a${at} ${ten(`*a${at - 1}`)}`);
  return lines.join('\n');
}

describe('what is read', () => {
  it('values by the core schema, and the line of each', () => {
    const value = readYaml('a: 5%\nb:\n  - 1\n  - yes\nc: { d: true, e: }\n', 'a.yml');
    expect(plain(value)).toEqual({ a: '5%', b: [1, 'yes'], c: { d: true, e: null } });
    if (value.kind !== 'map') throw new Error(value.kind);
    const list = value.entries.get('b');
    expect(list?.line).toBe(2);
    expect(list?.value.kind === 'list' && list.value.items.map(({ line }) => line)).toEqual([3, 4]);
  });

  it('aliases, of the newest anchor of that name', () => {
    expect(plain(readYaml('a: &x 1\nb: *x\nc: &x [2]\nd: *x\n', 'a.yml'))).toEqual({ a: 1, b: 1, c: [2], d: [2] });
  });

  it('names such as __proto__ as names', () => {
    const value = readYaml('__proto__: 1\nconstructor: 2\n', 'a.yml');
    expect(value.kind === 'map' && [...value.entries.keys()]).toEqual(['__proto__', 'constructor']);
  });
});

describe('what is refused', () => {
  const cases: readonly [string, string, string][] = [
    ['a list that does not end', 'a: [1\nb: 2\n', 'a.yml:2: is not YAML that can be read'],
    ['tabs', 'a:\n\t- x\n', 'a.yml:2: is not YAML that can be read: Tabs'],
    ['a tag', 'a: !!js/function x\n', 'a.yml:1: is not YAML that can be read: Unresolved tag'],
    ['binary', 'a: 1\nb: !!binary aGk=\n', 'a.yml:2: holds a value of an unknown type'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'multiple documents'],
    ['a directive', '%YAML 1.1\n---\na: yes\n', 'a.yml:1: has a %YAML directive'],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 'a.yml:3: names "a" twice; expected it once (first on line 1)'],
    ['a key that is a list', '? [a]\n: 1\n', 'a.yml:1: has a key that is no text'],
    ['an alias without anchor', 'a: *x\n', 'a.yml:1: *x has no anchor before it'],
    ['an alias of itself', 'a: &x [*x]\n', 'a.yml:1: is nested too deeply'],
    ['aliases that multiply', bomb(9), 'expands to more than 20000 values'],
    ['a deep file', '['.repeat(100_000), 'is nested too deeply'],
    ['a deep file that is whole', `${'['.repeat(3000)}${']'.repeat(3000)}`, 'is nested too deeply'],
    ['a large file', '#'.repeat(LARGEST_CONFIG + 1), `a.yml: is too large, got ${LARGEST_CONFIG + 1} bytes`],
  ];
  it.each(cases)('%s', (_name, text, message) => {
    expect(refused(text)).toContain(message);
  });

  it('what the parser says stands in one line without control characters', () => {
    const message = refused('a: !x\u0085::error::\nb: "\\q\n');
    expect(message).not.toMatch(/\p{Cc}/u);
  });
});

describe('files made to take long', () => {
  // Squares of these numbers would be minutes.
  it.each([
    ['keys', Array.from({ length: 15_000 }, (_, at) => `k${at}: 1`).join('\n')],
    ['aliases', `- &a x\n${'- *a\n'.repeat(30_000)}`],
    ['anchors', Array.from({ length: 9000 }, (_, at) => `- &a${at} 1\n- *a${at}`).join('\n')],
  ])('many %s are refused', (_name, text) => {
    expect(() => readYaml(text, 'a.yml')).toThrow(/expands to more than/);
  });
});
