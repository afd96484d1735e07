import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { layout } from '../archive/keys.ts';
import { type Converted, type ConvertedId, keepConverted } from '../archive/models.ts';
import type { Caller } from '../measure/call.ts';
import { type Conversion, convertElsewhere, convertModel } from '../measure/convert.ts';
import type { Failure } from '../types/measurement.ts';
import type { Model } from '../types/model.ts';
import type { ConvertResponse } from '../types/protocol.ts';
import type { RunPorts } from './ports.ts';

export type Made =
  | { readonly ok: true; readonly converted: Converted }
  | { readonly ok: false; readonly failure: Failure }
  /** A budget ended before it was made. */
  | { readonly ok: false; readonly cut: string };

export type Make = (model: Model, conversion: Conversion, id: ConvertedId) => Promise<Made>;

/** Places for the files of one converted model. */
const SLOTS = Array.from({ length: 16 }, (_, index) => index);

function manifestOf(
  model: Model,
  { entry, files, optimizeMs, compileMs, notes, environment }: ConvertResponse,
  objects: readonly string[],
) {
  const listed = files.map(({ path, sha256, size, slot }) => {
    const object = slot === undefined ? undefined : objects[slot];
    return { path, sha256, size, ...(object === undefined ? {} : { object }) };
  });
  const { framework, path } = model;
  return {
    schema: 1 as const,
    framework,
    path,
    entry,
    files: listed,
    optimizeMs,
    compileMs,
    ...(notes && { notes: [...notes] }),
    converters: { ...environment.versions },
  };
}

/** Has one conversion made, and keeps what comes of it in the archive. */
export function maker(ports: Pick<RunPorts, 'store' | 'scope' | 'scratch' | 'target'>, caller: Caller): Make {
  const { store, scope } = ports;

  /** By a runtime on this machine, into a folder of its own, then kept. */
  async function here(model: Model, conversion: Conversion, id: ConvertedId): Promise<Made> {
    await mkdir(ports.scratch, { recursive: true });
    const folder = await mkdtemp(join(ports.scratch, 'convert-'));
    const result = await convertModel(caller, conversion, pathToFileURL(folder).href);
    if (!result.ok) return result;
    const sources = new Map(result.response.files.map((file) => [file.path, join(folder, file.path)]));
    const manifest = manifestOf(model, result.response, []);
    return { ok: true, converted: await keepConverted(store, scope, id, manifest, sources) };
  }

  /** By a converter elsewhere, which uploads its files to objects of the archive; the manifest then names them. */
  async function elsewhere(model: Model, conversion: Conversion, id: ConvertedId): Promise<Made> {
    const at = layout(scope.write);
    const { key, optimizer, hardware, converterDigest } = id;
    const urlOf = async (object: string) => ({ url: await store.writeUrl(object) });
    let slots: readonly string[] = [];
    let resultKey = '';
    const result = await convertElsewhere(caller, conversion, {
      async output() {
        const nonce = randomUUID();
        slots = SLOTS.map((index) => at.slot(key, optimizer, hardware, converterDigest, nonce, index));
        resultKey = at.slotResult(key, optimizer, hardware, converterDigest, nonce);
        return { slots: await Promise.all(slots.map(urlOf)), result: await urlOf(resultKey) };
      },
      result: async () => (await store.read(resultKey))?.bytes ?? null,
    });
    if (!result.ok) return result;
    const objects = slots.map((slot) => slot.slice(slot.lastIndexOf('/') + 1));
    const manifest = manifestOf(model, result.response, objects);
    return { ok: true, converted: await keepConverted(store, scope, id, manifest, new Map()) };
  }

  return ports.target.facts.reads === 'files' ? here : elsewhere;
}
