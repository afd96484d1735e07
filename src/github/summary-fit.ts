/** Markdown that fits, and how many of its rows do not. */
export interface Fitted {
  readonly markdown: string;
  readonly leftOut: number;
}

/** A run of table rows or list items. */
interface Group {
  /** What goes first: folded rows, then items, then rows that are seen at once. */
  readonly rank: 0 | 1 | 2;
  readonly table: boolean;
  readonly lines: readonly number[];
}

const DELIMITER = /^\|[ :|-]*-[ :|-]*$/;
const NEWLINE = 1;

function groupsOf(lines: readonly string[]): readonly Group[] {
  const groups: Group[] = [];
  let folds = 0;
  let open: number[] = [];
  let kind: 'table' | 'list' | null = null;
  const close = (): void => {
    const rank = folds > 0 ? 0 : kind === 'list' ? 1 : 2;
    if (open.length > 0) groups.push({ rank, table: kind === 'table', lines: open });
    open = [];
    kind = null;
  };
  for (const [at, line] of lines.entries()) {
    const row: boolean = line.startsWith('|') && (kind === 'table' || DELIMITER.test(lines[at - 1] ?? ''));
    const item = line.startsWith('- ');
    if (kind !== (row ? 'table' : item ? 'list' : null)) close();
    if (row || item) {
      kind = row ? 'table' : 'list';
      open.push(at);
    }
    if (line.startsWith('<details')) folds += 1;
    if (line.startsWith('</details')) folds -= 1;
  }
  close();
  return groups;
}

function missing(count: number): string {
  return `*${count} more ${count === 1 ? 'is' : 'are'} left out.*`;
}

/**
 * Cuts a report to `limit` bytes by whole rows and list items: of each table and list the last ones, which are the least
 * bad; folded ones before those that are seen at once. Each place says how many are left out.
 */
export function fitMarkdown(markdown: string, limit: number): Fitted {
  if (Buffer.byteLength(markdown) <= limit) return { markdown, leftOut: 0 };
  const lines = markdown.split('\n');
  const groups = groupsOf(lines);
  const size = (at: number): number => Buffer.byteLength(lines[at] ?? '') + NEWLINE;
  const note = Buffer.byteLength(missing(lines.length)) + 2 * NEWLINE;
  let excess = Buffer.byteLength(markdown) + groups.length * note - limit;
  const order = groups
    .flatMap(({ rank, lines: of }) => of.map((at, index) => ({ rank, at, index })))
    .sort((a, b) => a.rank - b.rank || b.index - a.index || b.at - a.at);
  const dropped = new Set<number>();
  for (const { at } of order) {
    if (excess <= 0) break;
    dropped.add(at);
    excess -= size(at);
  }
  const ends = new Map(
    groups.map(({ lines: of, table }) => [of.at(-1), { table, count: of.filter((at) => dropped.has(at)).length }]),
  );
  const kept = lines.flatMap((line, at) => {
    const end = ends.get(at);
    const rest = dropped.has(at) ? [] : [line];
    if (end === undefined || end.count === 0) return rest;
    return [...rest, ...(end.table ? ['', missing(end.count)] : [`- ${missing(end.count)}`])];
  });
  const text = kept.join('\n');
  return { markdown: excess <= 0 ? text : wholeBlocks(text, limit), leftOut: dropped.size };
}

/** The blocks from the first on that fit. */
function wholeBlocks(markdown: string, limit: number): string {
  const blocks = markdown.split('\n\n');
  const kept: string[] = [];
  // For what closes a fold, and the last line.
  let room = limit - 100;
  for (const block of blocks) {
    room -= Buffer.byteLength(block) + 2 * NEWLINE;
    if (room < 0) break;
    kept.push(block);
  }
  const folds = kept.filter((block) => block.startsWith('<details')).length;
  const closed = kept.filter((block) => block.startsWith('</details')).length;
  return `${[...kept, ...(folds > closed ? ['</details>'] : []), '*The rest is left out.*'].join('\n\n')}\n`;
}
