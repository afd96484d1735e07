// Names and messages come from models, archives and pull requests: wherever they are shown they stay text.

/** Characters that break lines, hide or turn text around: controls, formats, separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Half of a pair: it is no character, and what is sent with it is refused or changed on the way. */
const HALF = /\p{Cs}/gu;

/** Marks piled on one letter until they cover the lines above and below. */
const PILED = /(\p{M}{4})\p{M}+/gu;

/** The text in one line with everything unseen written out (`\n`, `\u202e`), and not endless. */
export function visible(text: string, longest = 160): string {
  // Only so much can be shown, however many megabytes there are.
  const cut = text.length > 2 * longest + 2 ? text.slice(0, 2 * longest + 2) : text;
  const shown = cut
    .replace(UNSEEN, (c) => {
      if (c === '\n') return '\\n';
      if (c === '\t') return '\\t';
      const point = c.codePointAt(0) ?? 0;
      return point > 0xffff ? `\\u{${point.toString(16)}}` : `\\u${point.toString(16).padStart(4, '0')}`;
    })
    .replace(HALF, (c) => `\\u${c.charCodeAt(0).toString(16)}`)
    .replace(PILED, '$1…');
  const points = Array.from(shown);
  return points.length <= longest ? shown : `${points.slice(0, longest - 1).join('')}…`;
}

/** Text as a markdown code span, in which nothing is markup, mention, reference or math. Not for tables. */
export function code(text: string, longest?: number): string {
  const shown = visible(text, longest) || ' ';
  const runs = shown.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/**
 * The same in a table, which splits at `|` even in code; escaping it fails behind a backslash, so a broken bar stands
 * for it.
 */
export function tableCode(text: string, longest?: number): string {
  return code(text.replaceAll('|', '¦'), longest);
}

/** One argument for a POSIX shell (bash where it holds control characters), on one line. */
export function shellQuote(text: string): string {
  if (/^[A-Za-z0-9_/.:=,@%+-]+$/.test(text)) return text;
  if (text.search(UNSEEN) === -1) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replace(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `$'${escaped}'`;
}
