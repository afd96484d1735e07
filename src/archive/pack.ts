import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Decoded } from './json.ts';
import { LARGEST_OBJECT } from './limits.ts';

const pack = promisify(gzip);
const open = promisify(gunzip);

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Gzip, off the main thread: a results object of many measurements is a tenth of its JSON. */
export async function packed(bytes: Uint8Array): Promise<Uint8Array> {
  return pack(bytes);
}

/** What was packed, or plain bytes as they are: earlier versions wrote plain JSON. Bounded, so that no bomb fills the memory. */
export async function unpacked(bytes: Uint8Array): Promise<Decoded<Uint8Array>> {
  if (!isGzip(bytes)) return { ok: true, value: bytes };
  try {
    return { ok: true, value: await open(bytes, { maxOutputLength: LARGEST_OBJECT }) };
  } catch (cause) {
    const isLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    const problem = isLarge ? `it unpacks to more than ${LARGEST_OBJECT} bytes` : 'it is damaged (not gzip)';
    return { ok: false, problem };
  }
}
