import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's browser without a window. It is to ask nobody for anything: what it shows is handed to it. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Grey edges of letters: coloured ones triple a picture.
  '--disable-lcd-text',
  '--font-render-hinting=none',
];

/** A reader's window. */
export interface Viewport {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
}

export const DESKTOP: Viewport = { width: 1280, height: 800 };
export const PHONE: Viewport = { width: 360, height: 740 };

/** A page that shows what it was given. */
export interface Shown extends AsyncDisposable {
  readonly page: Page;
  /** Addresses that what is shown asked for; none was answered. */
  readonly asked: readonly string[];
}

/** The browser; ended with its scope. */
export interface Reader extends AsyncDisposable {
  /** @param scale device pixels a CSS pixel */
  show(html: string, viewport: Viewport, scale?: number): Promise<Shown>;
}

async function show(browser: Browser, html: string, viewport: Viewport, scale: number): Promise<Shown> {
  const context = await browser.newContext({ viewport: { ...viewport }, deviceScaleFactor: scale });
  const asked: string[] = [];
  await context.route('**/*', async (route) => {
    asked.push(route.request().url());
    await route.abort();
  });
  const page = await context.newPage();
  await page.setContent(html);
  return { page, asked, [Symbol.asyncDispose]: () => context.close() };
}

/** Starts the browser, with a profile of its own. The tests talk to it through a pipe. */
export async function startReader(): Promise<Reader> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  return {
    show: (html, viewport, scale = 1) => show(browser, html, viewport, scale),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
