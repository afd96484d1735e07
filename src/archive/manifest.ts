import * as v from 'valibot';
import { FRAMEWORKS } from '../types/config.ts';
import { decodeJson, encodeJson } from './json.ts';
import { isSegment, segment } from './keys.ts';

const MOST_FILES = 10_000;

const text = v.pipe(v.string(), v.maxLength(4096));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const maybe = v.nullable(v.pipe(v.number(), v.finite()));

/** Where a file is put on this machine: below the folder it is given, whoever wrote the manifest. */
function isInside(path: string): boolean {
  if (path.includes('\\') || path.includes('\0') || path.startsWith('/')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

const manifest = v.strictObject({
  schema: v.literal(1),
  framework: v.picklist(FRAMEWORKS),
  path: text,
  entry: text,
  files: v.pipe(
    v.array(
      v.strictObject({
        path: v.pipe(text, v.check(isInside, 'Invalid path')),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
        size: count,
        /** Last segment of its object's key; without it the path, as a segment. */
        object: v.exactOptional(v.pipe(v.string(), v.check(isSegment, 'Invalid object'))),
      }),
    ),
    v.minLength(1),
    v.maxLength(MOST_FILES),
  ),
  optimizeMs: maybe,
  compileMs: maybe,
  /** What its converter said of it. */
  notes: v.exactOptional(v.pipe(v.array(text), v.maxLength(20))),
  /** What made it, by library. */
  converters: v.exactOptional(v.pipe(v.record(text, text), v.maxEntries(20))),
});

/** The list of files of a stored model. */
export type Manifest = v.InferOutput<typeof manifest>;
export type ManifestFile = Manifest['files'][number];

/** Null where it is damaged or of a newer schema. */
export function decodeManifest(bytes: Uint8Array): Manifest | null {
  const decoded = decodeJson(bytes, 1, manifest);
  return decoded.ok ? decoded.value : null;
}

export function encodeManifest(value: Manifest): Uint8Array {
  return encodeJson(value);
}

/** Last segment of the key of a file's object. */
export function objectOf(file: ManifestFile): string {
  return file.object ?? segment(file.path);
}
