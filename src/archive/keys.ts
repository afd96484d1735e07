import type { Hardware, Optimizer } from '../types/config.ts';
import type { ModelKey } from '../types/model.ts';

/** One segment of an object key from any text: no slash, no dot-only segment, nothing that a file system or a log minds. */
export function segment(text: string): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const safe = /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
  // File systems end at 255 bytes a name.
  return safe.length <= 200 ? safe : `${safe.slice(0, 160)}-${safe.length}`;
}

/** The layout of one trust level of an archive, under its prefix. */
export function layout(prefix: string) {
  const under = (...parts: string[]): string => [prefix, ...parts].filter((part) => part !== '').join('/');
  return {
    results: (key: ModelKey) => under('results', `${key}.json`),
    /** Where results go on while `results` holds something that this version cannot read and so must not touch. */
    resultsBeside: (key: ModelKey) => under('results', `${key}.beside.json`),
    raw: (key: ModelKey, run: string) => under('raw', key, `${segment(run)}.json.gz`),
    model: (key: ModelKey, path: string) => under('models', key, segment(path)),
    converted: (key: ModelKey, optimizer: Optimizer, hardware: Hardware, digest: string, path: string) =>
      under('converted', key, `${optimizer}-${hardware}-${digest.replace(/^sha256:/, '').slice(0, 16)}`, segment(path)),
  };
}
export type Layout = ReturnType<typeof layout>;

/** Name of the list of files beside a stored model: no file of a model can have it, since `segment` encodes every `%`. */
export const MANIFEST = 'manifest%.json';
