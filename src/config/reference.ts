import { definitionOf } from '../inputs/table.ts';
import { MODEL_SETTINGS, PATH_SETTING, RUN_SETTINGS, type Setting, WAIVER_SETTINGS } from './table.ts';

/** Angle brackets would be tags, bars columns; within code the former are letters. */
function cell(text: string): string {
  const parts = text.replaceAll('|', '\\|').split('`');
  return parts.map((part, at) => (at % 2 === 0 ? part.replaceAll('<', '\\<') : part)).join('`');
}

function table(title: string, settings: readonly Setting[]): string {
  const rows = settings.map(({ name, allowed, doc, input }) => {
    const preset = input === undefined ? null : definitionOf(input).default;
    const end = preset === null || doc.includes('Default:') ? '' : ` Default: \`${preset}\`.`;
    return `| \`${name}\` | ${cell(allowed)} | ${cell(doc)}${end} |`;
  });
  return [`| ${title} | allowed | what it is |`, '|---|---|---|', ...rows].join('\n');
}

/** The tables of docs/config-file.md. */
export function referenceTables(): string {
  return [
    table('under `models`', [PATH_SETTING]),
    table('under `models` and `defaults`', MODEL_SETTINGS),
    table('at the top', RUN_SETTINGS),
    table('under `waivers`', WAIVER_SETTINGS),
  ].join('\n\n');
}
