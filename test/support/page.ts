import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const EXTENSIONS = ['table', 'strikethrough', 'autolink', 'tagfilter', 'tasklist', 'footnotes'];

/**
 * HTML as GitHub's own markdown makes it, HTML that was written in it included.
 * @param lineBreaks whether a new line is one for the reader too, as in comments
 */
export function gfmHtml(markdown: string, lineBreaks: boolean): string {
  const options = ['--unsafe', '--github-pre-lang', ...(lineBreaks ? ['--hardbreaks'] : [])];
  const extensions = EXTENSIONS.flatMap((name) => ['-e', name]);
  const made = spawnSync('cmark-gfm', [...options, ...extensions], {
    input: markdown,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (made.status !== 0) {
    throw new Error(`cmark-gfm: ${made.error?.message ?? made.stderr}: node scripts/parts.mjs cmark-gfm`);
  }
  return made.stdout;
}

/** What GitHub's pages do with the sizes and the overflow of a comment, and no more. */
const STYLE = `
  * { box-sizing: border-box; }
  body { margin: 0; background: #fff; color: #1f2328; overflow-wrap: break-word; font: 14px/1.5
    -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif,
    "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", "WenQuanYi Micro Hei"; }
  main { max-width: 1280px; margin: 0 auto; padding: 16px 32px; }
  article { border: 1px solid #d1d9e0; border-radius: 6px; }
  header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e;
    padding: 8px 16px; }
  header b { color: #1f2328; }
  .body { padding: 16px; }
  .body > :first-child { margin-top: 0; } .body > :last-child { margin-bottom: 0; }
  p, ul, table, details, pre { margin: 0 0 16px; }
  h3 { font-size: 1.25em; line-height: 1.25; font-weight: 600; margin: 24px 0 16px; }
  ul { padding-left: 2em; } li + li { margin-top: .25em; }
  a { color: #0969da; }
  table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto;
    font-variant: tabular-nums; }
  th, td { border: 1px solid #d1d9e0; padding: 6px 13px; } th { font-weight: 600; }
  tr:nth-child(2n) { background: #f6f8fa; }
  code, pre { font: 85% ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
  code { background: #818b981f; border-radius: 6px; padding: .2em .4em; white-space: break-spaces; }
  pre { background: #f6f8fa; overflow: auto; padding: 16px; }
  sub { bottom: -.25em; font-size: 75%; line-height: 0; position: relative; vertical-align: baseline; }
  summary { cursor: pointer; }
  @media (min-width: 1012px) { main.comment { padding: 24px 408px 24px 88px; } }
  @media (max-width: 767px) { main { padding: 16px; } }
`;

function documentOf(kind: string, title: string, html: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${kind}</title><style>${STYLE}</style>
<body><main class="${kind}"><article><header>${title}</header><div class="body">${html}</div></article></main></body></html>`;
}

/** A pull request's page with one comment: in a wide window it is one of two columns. */
export function commentPage(markdown: string): string {
  return documentOf('comment', '<b>github-actions</b> bot commented', gfmHtml(markdown, true));
}

/** A run's page with one job's summary. */
export function summaryPage(markdown: string): string {
  return documentOf('summary', '<b>ayci</b> summary', gfmHtml(markdown, false));
}

/**
 * Draws all Mermaid charts of a page in their place, as GitHub does.
 * @returns how many
 * @throws Error with Mermaid's own message where one is none
 */
export async function drawCharts(page: Page): Promise<number> {
  const installed = process.env.AYCI_TEST_MERMAID;
  if (installed === undefined) throw new Error('AYCI_TEST_MERMAID is not set: node scripts/parts.mjs mermaid');
  await page.addScriptTag({
    content: readFileSync(join(installed, 'node_modules/mermaid/dist/mermaid.min.js'), 'utf8'),
  });
  return await page.locator('html').evaluate(async (root) => {
    const { mermaid } = globalThis as unknown as Drawing;
    mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' });
    const charts = [...root.querySelectorAll('pre[lang="mermaid"]')];
    for (const [at, chart] of charts.entries()) {
      const { svg } = await mermaid.render(`chart${at}`, chart.textContent);
      const drawn = root.ownerDocument.createElement('div');
      drawn.className = 'chart';
      drawn.innerHTML = svg;
      chart.replaceWith(drawn);
    }
    return charts.length;
  });
}

interface Drawing {
  readonly mermaid: {
    initialize(options: object): void;
    render(id: string, text: string): Promise<{ readonly svg: string }>;
  };
}
