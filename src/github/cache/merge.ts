import * as v from 'valibot';
import { folderArchive } from '../../archive/folder.ts';
import { HISTORY_LENGTH } from '../../archive/history.ts';
import { decodeJson, encodeJson } from '../../archive/json.ts';
import { type Format, readFirst, update } from '../../archive/objects.ts';
import { keepResults, readKnown } from '../../archive/records.ts';
import type { Logger } from '../../ports.ts';
import { filesOf, markOf, moveInto, type TreeFile } from './tree.ts';

/** As far as two histories must be understood to be put together. */
const history = v.looseObject({ schema: v.literal(1), entries: v.array(v.looseObject({ at: v.string() })) });
type Entries = v.InferOutput<typeof history>['entries'];

const HISTORY: Format<Entries> = {
  decode(bytes) {
    const decoded = decodeJson(bytes, 1, history);
    return decoded.ok ? { ok: true, value: decoded.value.entries } : decoded;
  },
  encode: (entries) => encodeJson({ schema: 1, entries }),
};

function union(ours: Entries, theirs: Entries): Entries {
  const all = new Map([...theirs, ...ours].map((entry) => [JSON.stringify(entry), entry]));
  return [...all.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(-HISTORY_LENGTH);
}

/**
 * Puts what another run kept together with what is here: objects that are missing are moved over, measurements and
 * history are joined one by one, and of anything else that both have ours stays.
 */
export async function mergeTrees(theirs: string, ours: string, logger: Logger): Promise<void> {
  const there = new Map((await filesOf(ours)).map((file) => [file.key, file]));
  const conflicts: TreeFile[] = [];
  for (const file of await filesOf(theirs)) {
    const own = there.get(file.key);
    if (own !== undefined && (await markOf(file)) !== (await markOf(own))) conflicts.push(file);
  }
  const scope = { write: '', read: [''] };
  const [from, to] = [folderArchive(theirs), folderArchive(ours)];
  for (const { key } of conflicts) {
    try {
      const model = /^results\/([0-9a-f]{64}-\d{1,15})(?:\.beside)?\.json$/.exec(key)?.[1];
      if (model !== undefined) {
        const { measurements } = await readKnown(from, scope, model);
        if (measurements.length > 0) await keepResults(to, scope, model, measurements);
      } else if (key.startsWith('history/')) {
        const { value } = await readFirst(from, [key], HISTORY);
        if (value !== null) await update(to, [key], HISTORY, (before) => union(before ?? [], value));
      }
    } catch (thrown) {
      // What this version cannot read is kept as it is.
      logger.debug(`archive: ${key} was not joined: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  for (const file of await filesOf(theirs)) {
    if (!there.has(file.key)) await moveInto(file, ours);
  }
}
