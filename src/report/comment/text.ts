import { HARDWARE, OPTIMIZERS } from '../../types/config.ts';
import type { CellReport } from '../../types/report.ts';
import { code, tableCode } from '../escape.ts';

/** Letters that are written from right to left: beside them figures and signs change places. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** What comes before and after stays where it is, and the line begins at the left. */
function apart(span: string): string {
  return RIGHT_TO_LEFT.test(span) ? `\u200e${span}\u200e` : span;
}

/** Anybody's text in a line of markdown. */
export function named(text: string, longest = 80): string {
  return apart(code(text, longest));
}

/** Anybody's text in a table. */
export function cellNamed(text: string, longest = 80): string {
  return apart(tableCode(text, longest));
}

/** A report may have been made by somebody else: words of a closed form are shown plainly, all others as their text. */
export function worded(text: string, form: RegExp): string {
  return form.test(text) ? text : cellNamed(text);
}

export const DAY = /^\d{4}-\d{2}-\d{2}$/;
export const MONTH = /^\d{4}-\d{2}(-\d{2})?$/;
export const REGION = /^[a-z]{2}(-[a-z]{3,12}){1,3}-\d$/;
export const VERSION = /^\d{1,4}\.\d{1,4}\.\d{1,4}$/;

/** `onnx, 1769 MB, batch 1`, with its hardware where a run has more than one. */
export function configText({ config }: CellReport, withHardware: boolean): string {
  const known = (word: string, words: readonly string[]): string => (words.includes(word) ? word : cellNamed(word));
  const parts = [
    ...(withHardware ? [known(config.hardware, HARDWARE)] : []),
    known(config.optimizer, OPTIMIZERS),
    `${Number(config.memoryMb)} MB`,
    `batch ${Number(config.batch)}`,
  ];
  return parts.join(', ');
}

/** A link, or its text alone where the address is none of the web's. */
export function link(text: string, url: string | null): string {
  if (url === null || !URL.canParse(url)) return text;
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return text;
  const safe = parsed.href.replace(/[()<>[\]\\`|*_~$@\s]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return safe.length > 600 ? text : `[${text}](${safe})`;
}

/** A table without padding: every character of a comment counts. */
export function tableHead(titles: readonly string[], right: ReadonlySet<number> = new Set()): string {
  return `${tableRow(titles)}\n${tableRow(titles.map((_, at) => (right.has(at) ? '--:' : '---')))}`;
}

export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** What a reader opens; the blank lines let markdown begin again inside. */
export function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}

/** `1,200`. */
export function counted(count: number): string {
  return count.toLocaleString('en-US');
}

/** Figures that stay in one line: a narrow table is moved sideways, not broken at every space. Not for names. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}
