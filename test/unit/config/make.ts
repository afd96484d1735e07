import { listedFiles } from '../../../src/config/paths.ts';
import { readConfig } from '../../../src/config/read.ts';
import { AyciError, explain } from '../../../src/errors.ts';
import type { RawInputs } from '../../../src/inputs/table.ts';
import type { Settings } from '../../../src/types/settings.ts';

export const FILE = '.github/ayci.yml';
export const TODAY = '2026-11-24';

/** Reads a text as the configuration of a repository with these files. */
export function read(text: string, files: readonly string[] = [], outer: RawInputs = {}): Promise<Settings> {
  return readConfig(text, FILE, outer, listedFiles(files), { today: TODAY, outerPlace: (name) => `with: ${name}` });
}

/** The message that a text is refused with. */
export async function refusal(text: string, files: readonly string[] = [], outer: RawInputs = {}): Promise<string> {
  try {
    await read(text, files, outer);
  } catch (thrown) {
    if (thrown instanceof AyciError && thrown.code === 'bad-input') return explain(thrown);
    throw thrown;
  }
  throw new Error('it was accepted');
}
