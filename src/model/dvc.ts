import { parse } from 'yaml';

/** What git has of a file that DVC keeps: beside it lies `<name>.dvc`. */
export interface DvcPointer {
  readonly md5: string;
}

/** The pointer to one file, from the text of `<name>.dvc`; null where it is none that AYCI reads. */
export function dvcPointer(text: string, name: string): DvcPointer | null {
  try {
    const file = parse(text, { maxAliasCount: 0 }) as { outs?: readonly { md5?: unknown; path?: unknown }[] } | null;
    const out = file?.outs?.find(({ path }) => path === name);
    return typeof out?.md5 === 'string' && /^[0-9a-f]{32}$/.test(out.md5) ? { md5: out.md5 } : null;
  } catch {
    return null;
  }
}
