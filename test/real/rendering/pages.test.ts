import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderSummary } from '../../../src/github/summary.ts';
import { DESKTOP, PHONE, type Reader, startReader } from '../../support/chromium.ts';
import { commentPage, drawCharts, summaryPage } from '../../support/page.ts';
import { commentOf, fork, loosened, NOW, passed, regressed } from '../../support/rendered-report.ts';

// What a reader sees: markdown by GitHub's own cmark-gfm, in Debian's browser, charts by Mermaid itself.

let reader: Reader;
beforeAll(async () => {
  reader = await startReader();
});
afterAll(async () => {
  await reader?.[Symbol.asyncDispose]();
});

const COMMENTS = {
  'a slower one': regressed,
  'one as before': passed,
  'one that loosens its gate': loosened,
  'one of a fork': fork,
};

describe('a comment', () => {
  it('says on the first screen what is slower, by how much, and over which limit', async () => {
    await using shown = await reader.show(commentPage(commentOf(regressed())), DESKTOP);
    const seen = await shown.page.locator('article').evaluate((article) => {
      const inner = (article as unknown as { innerText: string }).innerText;
      const [title] = article.querySelectorAll('h3');
      return { inner, bottom: title?.getBoundingClientRect().bottom ?? 9999 };
    });
    expect(seen.bottom).toBeLessThan(DESKTOP.height);
    expect(seen.inner).toMatch(/❌ squeezenet\.onnx is \d+(\.\d)? % slower \(limit 5 %\)/);
  });

  it.each(Object.entries(COMMENTS))('of %s is as wide as a phone, folded, and asks for nothing', async (_, report) => {
    await using shown = await reader.show(commentPage(commentOf(report())), PHONE);
    const page = await shown.page.locator('html').evaluate((root) => ({
      width: root.scrollWidth,
      open: root.querySelectorAll('details[open]').length,
      images: root.querySelectorAll('img, script, iframe, form').length,
    }));
    expect(page).toEqual({ width: PHONE.width, open: 0, images: 0 });
    expect(shown.asked).toEqual([]);
  });

  it.each(Object.entries(COMMENTS))('of %s has a word beside every mark', async (_, report) => {
    await using shown = await reader.show(commentPage(commentOf(report())), DESKTOP);
    const texts = await shown.page.locator('td, h3, p').allInnerTexts();
    const marked = texts.filter((text) => /^(❌|✅|⚠️|➖)/u.test(text));
    expect(marked.length).toBeGreaterThan(0);
    for (const text of marked) expect(text.replace(/❌|✅|⚠️|➖/gu, '').trim()).toMatch(/\p{L}{3}/u);
  });
});

describe('a summary', () => {
  it('draws its charts, which Mermaid takes, the worst model first', async () => {
    const { markdown } = renderSummary(regressed(), { now: NOW, artifactUrl: null });
    await using shown = await reader.show(summaryPage(markdown), DESKTOP);
    expect(await drawCharts(shown.page)).toBe(3);
    expect(await shown.page.locator('.chart svg').count()).toBe(3);
    const titles = await shown.page.locator('h3').allInnerTexts();
    expect(titles[0]).toContain('squeezenet.onnx');
  });
});
