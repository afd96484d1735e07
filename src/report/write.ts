import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AyciError } from '../errors.ts';
import type { Report } from '../types/report.ts';
import { renderMarkdown } from './markdown.ts';

/** Where a run's reports are. */
export interface ReportPaths {
  readonly markdown: string;
  readonly json: string;
}

/** @throws AyciError `archive` where the folder cannot be written */
export async function writeReports(report: Report, folder: string, now: Date): Promise<ReportPaths> {
  const paths = { markdown: join(folder, 'report.md'), json: join(folder, 'report.json') };
  const put = async (path: string, text: string): Promise<void> => {
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, text);
      await rename(temporary, path);
    } catch (cause) {
      await unlink(temporary).catch(() => undefined);
      throw cause;
    }
  };
  try {
    await mkdir(folder, { recursive: true });
    await put(paths.json, renderJson(report));
    await put(paths.markdown, renderMarkdown(report, now));
    // One that lay there before, in a checkout say, would be published as this report's page.
    await rm(join(folder, 'report.html'), { force: true });
  } catch (cause) {
    throw new AyciError('archive', `report folder ${JSON.stringify(folder)}: cannot be written`, {
      hint: 'Name another one with --report-dir, or free some space.',
      cause,
    });
  }
  return paths;
}

/** `report.json`, six digits a figure. */
export function renderJson(report: Report): string {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  return `${JSON.stringify(report, rounded, 2)}\n`;
}
