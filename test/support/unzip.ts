import { fromBufferPromise } from 'yauzl';
import { zipOf } from './zip.ts';

/** The members of a zip, by name. */
export async function unzipped(bytes: Buffer): Promise<Map<string, Buffer>> {
  const zip = await fromBufferPromise(bytes);
  const members = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    members.set(entry.fileName, Buffer.concat(chunks));
  }
  return members;
}

/** The same zip with members put in, by the ends of their names; null takes one away. */
export async function changed(
  bytes: Buffer,
  changes: Readonly<Record<string, string | Uint8Array | null | ((before: string) => string)>>,
): Promise<Buffer> {
  const members = await unzipped(bytes);
  const [root = ''] = [...members.keys()].map((name) => name.slice(0, name.indexOf('/') + 1));
  for (const [end, change] of Object.entries(changes)) {
    const name = `${root}${end}`;
    if (change === null) members.delete(name);
    else if (typeof change === 'function') members.set(name, Buffer.from(change(String(members.get(name)))));
    else members.set(name, Buffer.from(change));
  }
  return zipOf([...members].map(([name, content]) => ({ name, bytes: content })));
}
