import { createHash } from 'node:crypto';
import type { Hardware, Optimizer } from '../types/config.ts';
import type { ModelKey } from '../types/model.ts';

/** A segment of an object key: nothing that a file system, a URL or a policy minds. */
const SEGMENT = /^(?!\.+$)[A-Za-z0-9._%-]{1,255}$/;

/** Whether a text is one segment of a key. */
export function isSegment(text: string): boolean {
  return SEGMENT.test(text);
}

/** Whether a text is a key: slash-separated segments. */
export function isObjectKey(text: string): boolean {
  return text.split('/').every(isSegment);
}

/** Half a surrogate pair has no UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** One segment of an object key from any text: no slash, no dot-only segment; other texts give other segments. */
export function segment(text: string): string {
  const encoded = encodeURIComponent(wellFormed(text)).replace(
    /[!'()*~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const safe = /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
  // File systems end at 255 bytes a name.
  if (safe.length <= 200) return safe;
  return `${safe.slice(0, 160)}-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

function short(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 16);
}

/** The layout of one trust level of an archive, under its prefix. */
export function layout(prefix: string) {
  const under = (...parts: string[]): string => [prefix, ...parts].filter((part) => part !== '').join('/');
  const converted = (key: ModelKey, optimizer: Optimizer, hardware: Hardware, digest: string, object: string): string =>
    under('converted', key, `${optimizer}-${hardware}-${short(digest)}`, object);
  return {
    results: (key: ModelKey) => under('results', `${key}.json`),
    /** Where results go on while `results` holds something that this version cannot read and so must not touch. */
    resultsBeside: (key: ModelKey) => under('results', `${key}.beside.json`),
    raw: (key: ModelKey, run: string) => under('raw', key, `${segment(run)}.json.gz`),
    model: (key: ModelKey, object: string) => under('models', key, object),
    /** Where a file or the manifest of a converted model is; `digest` is the converter's. */
    converted,
    /** The `index`-th upload slot of one conversion: where its nonce is new, so is the object. */
    slot: (key: ModelKey, optimizer: Optimizer, hardware: Hardware, digest: string, nonce: string, index: number) =>
      converted(key, optimizer, hardware, digest, slotName(nonce, index)),
    /** Where that conversion's answer comes to. */
    slotResult: (key: ModelKey, optimizer: Optimizer, hardware: Hardware, digest: string, nonce: string) =>
      converted(key, optimizer, hardware, digest, `slot%.${segment(nonce)}.json`),
    /** A user's own `.npy`. */
    input: (sha256: string) => under('inputs', `${segment(sha256)}.npy`),
    history: (branch: string, path: string) => under('history', segment(branch), `${segment(path)}.json`),
    historyBeside: (branch: string, path: string) => under('history', segment(branch), `${segment(path)}.beside.json`),
  };
}
export type Layout = ReturnType<typeof layout>;

/** Name of the list of files beside a stored model: `segment` never makes it, since that encodes every `%`. */
export const MANIFEST = 'manifest%.json';

/** Last segment of an upload slot's key: what a manifest calls `object`. */
export function slotName(nonce: string, index: number): string {
  return `slot%.${segment(nonce)}.${index}`;
}

/** How an artifact names an object of the archive inside the runner, until a request is made and its URL is signed. */
export function archiveUrl(key: string): string {
  return `archive:${key}`;
}
