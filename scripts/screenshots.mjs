// What readers see, as pictures for the docs: npm run screenshots. Needs the parts browser, cmark-gfm and mermaid
// (node scripts/parts.mjs browser cmark-gfm mermaid) and the Node of this repository, which runs TypeScript.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderSummary } from '../src/github/summary.ts';
import { DESKTOP, startReader } from '../test/support/chromium.ts';
import { commentPage, drawCharts, summaryPage } from '../test/support/page.ts';
import { commentOf, fork, loosened, NOW, passed, regressed } from '../test/support/rendered-report.ts';
import { partsEnvironment } from './parts.mjs';

/** Readers of the docs load all of them. */
const MOST_BYTES = 400_000;

const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const summary = renderSummary(regressed(), { now: NOW, artifactUrl: null }).markdown;
const PICTURES = {
  'comment-regressed': commentPage(commentOf(regressed())),
  'comment-pass': commentPage(commentOf(passed())),
  'comment-gate': commentPage(commentOf(loosened())),
  'comment-forks': commentPage(commentOf(fork())),
  summary: summaryPage(summary),
};

Object.assign(process.env, partsEnvironment());
mkdirSync(folder, { recursive: true });
await using reader = await startReader();
for (const [name, html] of Object.entries(PICTURES)) {
  await using shown = await reader.show(html, DESKTOP);
  await drawCharts(shown.page);
  const path = join(folder, `${name}.png`);
  await shown.page.locator('article').screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}: ${size} bytes`);
  if (size > MOST_BYTES) {
    console.error(`${name}.png is too large, got ${size} bytes; expected at most ${MOST_BYTES}`);
    process.exitCode = 1;
  }
}
