import type { ArchiveStore } from '../../ports.ts';
import { type Check, tried } from './check.ts';

/** An object that no run writes: it is looked for, and must be found missing rather than forbidden. */
const NOTHING = 'results/doctor-looks-for-nothing.json';

/** Each permission that an archive takes, by doing what takes it. */
export async function archiveChecks(store: ArchiveStore, prefix: string): Promise<readonly Check[]> {
  const write = await tried(store.remote ? 'archive: s3:PutObject' : 'archive', async () => {
    await store.ready(prefix);
    return `${store.name}: ${prefix}/ can be written`;
  });
  if (!store.remote || write.state !== 'ok') return [write];
  return [
    write,
    await tried('archive: s3:ListBucket', async () => {
      await store.read(`${prefix}/${NOTHING}`);
      return 'an object that is missing is said to be';
    }),
    await tried('archive: s3:GetObject', async () => {
      const probe = await store.read(`${prefix}/probe`);
      return probe === null ? 'nothing to read yet' : 'what was written can be read';
    }),
    await tried('archive: signed URLs', async () => {
      const answer = await fetch(await store.readUrl(`${prefix}/probe`));
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`a signed URL was answered with ${answer.status}`);
      return 'a runtime without credentials can read what it is given';
    }),
  ];
}
