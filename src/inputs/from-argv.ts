import { parseArgs } from 'node:util';
import { AyciError } from '../errors.ts';
import { didYouMean } from './suggest.ts';
import { definitionOf, INPUT_NAMES, type InputName, type RawInputs } from './table.ts';
import { quoted } from './values.ts';

/** Options that are the command line's own, without a value. */
export const FLAGS = ['json', 'debug', 'help', 'version'] as const;
export type Flag = (typeof FLAGS)[number];

export interface Arguments {
  readonly positionals: readonly string[];
  readonly flags: ReadonlySet<Flag>;
  readonly raw: RawInputs;
}

function isOneOf<T extends string>(name: string, names: readonly T[]): name is T {
  return (names as readonly string[]).includes(name);
}

/**
 * Splits the arguments behind the command's name.
 * @throws AyciError `bad-input` for an unknown, doubled or valueless option
 */
export function fromArguments(argv: readonly string[]): Arguments {
  const options = Object.fromEntries([
    ...INPUT_NAMES.map((name) => [name, { type: 'string' as const, multiple: true }] as const),
    ...FLAGS.map((name) => [name, { type: 'boolean' as const }] as const),
  ]);
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const positionals: string[] = [];
  const flags = new Set<Flag>();
  const raw: Partial<Record<InputName, string>> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    if (isOneOf(token.name, FLAGS)) {
      if (token.value !== undefined)
        throw new AyciError('bad-input', `--${token.name}: takes no value, got ${quoted(token.value)}`);
      flags.add(token.name);
    } else if (isOneOf(token.name, INPUT_NAMES)) {
      raw[token.name] = addValue(raw[token.name], token.name, token.value);
    } else {
      const hint =
        didYouMean(token.name, [...INPUT_NAMES, ...FLAGS]).replace('mean ', 'mean --') || 'See --help for all of them.';
      throw new AyciError('bad-input', `${quoted(token.rawName)} is not an option`, { hint });
    }
  }
  return { positionals, flags, raw };
}

function addValue(before: string | undefined, name: InputName, value: string | undefined): string {
  const definition = definitionOf(name);
  if (value === undefined) {
    throw new AyciError('bad-input', `--${name}: has no value; expected ${definition.allowed}`, {
      hint: `Write --${name}=${definition.value}.`,
    });
  }
  if (before === undefined) return value;
  if (definition.several !== true) {
    throw new AyciError(
      'bad-input',
      `--${name}: is given twice, ${quoted(before)} and ${quoted(value)}; expected one value`,
    );
  }
  return `${before}\n${value}`;
}
