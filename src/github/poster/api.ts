import { AyciError } from '../../errors.ts';
import { statusOf } from '../client.ts';

/**
 * What GitHub refused, in words. What it said is left out: an artifact's store may tell of a signed address.
 *
 * @param permission what the job's token needs for it
 */
export function refusedBy(thrown: unknown, place: string, permission: string): AyciError {
  const status = statusOf(thrown);
  const got = status === null ? 'no answer' : `status ${status}`;
  const hint =
    status === 401 || status === 403 || status === 404
      ? `The job needs \`permissions: ${permission}\`.`
      : 'Run the job again; githubstatus.com tells whether Actions works.';
  return new AyciError('environment', `${place}: GitHub did not give it, got ${got}; expected 200`, { hint });
}

/**
 * The parts of a body, which is left as soon as it is too long: that cancels the stream, and with it the connection.
 * @throws AyciError `bad-input` then
 */
export async function* boundedChunks(body: unknown, limit: number): AsyncGenerator<Uint8Array> {
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) {
    throw new AyciError('internal', 'download: no stream, got something else; expected the body of an answer');
  }
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limit) {
      throw new AyciError('bad-input', `download: is too long, got more than ${limit} bytes; expected at most as many`);
    }
    yield chunk;
  }
}
