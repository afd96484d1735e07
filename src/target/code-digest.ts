import { createHash } from 'node:crypto';

/** One identity for several pieces of code: that of the only one, else `sha256:` of all in turn. */
export function codeDigest(parts: readonly string[]): string {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  return `sha256:${createHash('sha256').update(parts.join('\n')).digest('hex')}`;
}
