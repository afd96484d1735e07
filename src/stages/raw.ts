import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { layout } from '../archive/keys.ts';
import { SANDBOXES } from '../measure/protocol.ts';
import type { Configuration } from '../types/config.ts';
import type { ModelKey } from '../types/model.ts';
import type { MeasureResponse } from '../types/protocol.ts';
import type { RunPorts } from './ports.ts';

/** All raw answers of a run, which are read only on demand: written to a file as they come, kept in the archive at the end. */
export interface RawAnswers {
  add(config: Configuration, responses: readonly MeasureResponse[]): Promise<void>;
  keep(): Promise<void>;
}

export function rawAnswers(ports: RunPorts, key: ModelKey): RawAnswers {
  let open: Promise<{ path: string; gzip: ReturnType<typeof createGzip>; done: Promise<void> }> | null = null;
  let count = 0;
  /** Cells end side by side; one writes at a time. */
  let last: Promise<void> = Promise.resolve();

  async function begin() {
    await mkdir(ports.scratch, { recursive: true });
    const path = join(ports.scratch, `raw-${key}.json.gz`);
    const gzip = createGzip();
    const done = finished(gzip.pipe(createWriteStream(path)));
    // It is awaited at the end; until then a full disk is no unhandled rejection.
    done.catch(() => undefined);
    gzip.write(`{"schema":1,"sandboxesPerCell":${SANDBOXES},"cells":[`);
    return { path, gzip, done };
  }

  async function write(config: Configuration, responses: readonly MeasureResponse[]): Promise<void> {
    open ??= begin();
    const { gzip, done } = await open;
    const comma = count === 0 ? '' : ',';
    count += 1;
    if (gzip.write(`${comma}${JSON.stringify({ config, responses })}`)) return;
    // Where the disk is full nothing drains any more.
    await Promise.race([once(gzip, 'drain'), done]);
  }

  return {
    add(config, responses) {
      last = last.then(() => write(config, responses));
      return last;
    },
    async keep() {
      if (open === null) return;
      const { path, gzip, done } = await open;
      gzip.end(']}');
      await done;
      await ports.store.putFile(layout(ports.scope.write).raw(key, ports.runId), path);
    },
  };
}
