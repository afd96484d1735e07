import * as v from 'valibot';
import { AyciError } from '../../errors.ts';
import type { Report } from '../../types/report.ts';
import { visible } from '../escape.ts';
import { LIMITS } from './limits.ts';
import { REPORT } from './schema.ts';

function refuse(place: string, got: string): AyciError {
  return new AyciError('bad-input', `${place}: is not a report of AYCI, got ${got}; expected docs/report.schema.json`, {
    hint: 'The measuring and the posting workflow must use the same release of AYCI.',
  });
}

/** A path into JSON is the other side's text too. */
function where(issue: v.BaseIssue<unknown>): string {
  return visible(v.getDotPath(issue) ?? 'the whole', 80);
}

/**
 * A report.json that somebody else made, as what it claims to be: unknown fields, wrong types and endless lists are
 * refused, endless texts are cut. What its texts say is not made harmless: that is up to who shows them.
 *
 * @param place what errors call it
 * @throws AyciError `bad-input` in one line, whatever the bytes are
 */
export function readForeignReport(bytes: Uint8Array, place: string): Report {
  if (bytes.length > LIMITS.bytes) throw refuse(place, `${bytes.length} bytes, more than ${LIMITS.bytes}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refuse(place, 'no JSON');
  }
  const found = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined;
  if (typeof found === 'number' && found > 1) throw refuse(place, `schema ${found}, newer than this release's 1`);
  const parsed = v.safeParse(REPORT, json, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw refuse(place, `at ${where(issue)} ${visible(issue.received, 80)}`);
  }
  const cells = parsed.output.models.reduce((sum, model) => sum + model.cells.length, 0);
  if (cells > LIMITS.cells) throw refuse(place, `${cells} cells, more than ${LIMITS.cells}`);
  return parsed.output;
}
