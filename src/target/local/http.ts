import type { IncomingMessage } from 'node:http';

/** Lambda's limit of a synchronous payload, each way. */
export const MAX_PAYLOAD_BYTES = 6_291_556;

/** Lambda's limit of an event. */
export const MAX_EVENT_BYTES = 1_048_576;

/** A request's body; null where it is longer than `limit` (it is read to the end, so that the answer gets through). */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > limit ? null : Buffer.concat(chunks);
}
