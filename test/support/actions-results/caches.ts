import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Method } from '../actions-results.ts';
import type { Azurite } from '../azurite.ts';
import { Refusal } from './refusal.ts';

export interface CacheEntry {
  readonly id: number;
  /** The ref whose run wrote it. */
  readonly scope: string;
  readonly key: string;
  readonly version: string;
  /** Null until it is whole. */
  readonly size: number | null;
  /** Where its bytes are read from, for an hour. */
  readonly url: string;
  /** Where they are written to. */
  readonly uploadUrl: string;
}

const KEY = v.pipe(v.string(), v.regex(/^[^,]{1,512}$/));
const VERSION = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const CREATE = v.strictObject({ key: KEY, version: VERSION });
const FINALIZE = v.strictObject({ key: KEY, version: VERSION, size_bytes: v.pipe(v.string(), v.digits()) });
const FIND = v.strictObject({
  key: KEY,
  restore_keys: v.optional(v.pipe(v.array(KEY), v.maxLength(9)), []),
  version: VERSION,
});

/** The cache service: immutable entries, each of the ref that wrote it; a ref sees its own and those of its bases. */
export function cacheMethods(azurite: Azurite) {
  const kept: CacheEntry[] = [];

  const methods: ReadonlyArray<readonly [string, Method]> = [
    [
      'CacheService/CreateCacheEntry',
      (body, caller) => {
        const { key, version } = v.parse(CREATE, body);
        const [scope] = caller.scopes;
        if (caller.readOnly || scope === undefined) {
          return { ok: false, message: 'cache write denied: the token may only read' };
        }
        if (kept.some((one) => one.scope === scope && one.key === key && one.version === version)) {
          throw new Refusal(409, 'already_exists', 'cache entry with the same key, version, and scope already exists');
        }
        const blob = randomUUID();
        const urls = { url: azurite.sign(blob, 'r'), uploadUrl: azurite.sign(blob, 'cw') };
        kept.push({ id: kept.length + 1, scope, key, version, size: null, ...urls });
        return { ok: true, signed_upload_url: urls.uploadUrl };
      },
    ],
    [
      'CacheService/FinalizeCacheEntryUpload',
      (body, caller) => {
        const { key, version, size_bytes: size } = v.parse(FINALIZE, body);
        const at = kept.findIndex(
          (one) => one.scope === caller.scopes[0] && one.key === key && one.version === version && one.size === null,
        );
        const found = kept[at];
        if (found === undefined) throw new Refusal(404, 'not_found', `no entry ${key} is being written`);
        kept[at] = { ...found, size: Number(size) };
        return { ok: true, entry_id: String(found.id) };
      },
    ],
    [
      'CacheService/GetCacheEntryDownloadURL',
      (body, caller) => {
        const { key, restore_keys: restoreKeys, version } = v.parse(FIND, body);
        for (const scope of caller.scopes) {
          // The newest first.
          const seen = kept
            .filter((one) => one.scope === scope && one.version === version && one.size !== null)
            .reverse();
          const found =
            seen.find((one) => one.key === key) ??
            [key, ...restoreKeys].flatMap((prefix) => seen.find((one) => one.key.startsWith(prefix)) ?? [])[0];
          if (found !== undefined) return { ok: true, signed_download_url: found.url, matched_key: found.key };
        }
        return { ok: false };
      },
    ],
  ];
  return { methods, kept: kept as readonly CacheEntry[] };
}
