import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { artifactOf, type Converted, findConverted, keepConverted } from '../archive/models.ts';
import type { Caller } from '../measure/call.ts';
import { convertModel, isConverting } from '../measure/convert.ts';
import type { Configuration } from '../types/config.ts';
import type { Failure } from '../types/measurement.ts';
import type { Model } from '../types/model.ts';
import type { RunPorts } from './ports.ts';

export type Prepared =
  | { readonly ok: true; readonly converted: Converted; readonly isOriginal: boolean }
  | { readonly ok: false; readonly failure: Failure };

export type Convert = (model: Model, config: Configuration) => Promise<Prepared>;

/** Gives each model in the form that an optimizer serves: from the archive, else made once and kept there. */
export function converter(ports: RunPorts, caller: Caller): Convert {
  const made = new Map<string, Promise<Prepared>>();

  async function make(model: Model, config: Configuration): Promise<Prepared> {
    const artifact = artifactOf(model);
    if (!isConverting(config.optimizer)) {
      return { ok: true, isOriginal: true, converted: { artifact, optimizeMs: null, compileMs: null } };
    }
    const { optimizer, hardware } = config;
    const converterDigest = ports.target.facts.runtimeDigest(model.framework, optimizer);
    const id = { key: model.key, optimizer, hardware, converterDigest };
    const found = await findConverted(ports.store, ports.scope, id);
    if (found !== null) return { ok: true, isOriginal: false, converted: found };
    ports.logger.progress(`Converting for ${optimizer}`);
    await mkdir(ports.scratch, { recursive: true });
    const folder = await mkdtemp(join(ports.scratch, 'convert-'));
    const conversion = {
      framework: model.framework,
      optimizer,
      hardware,
      artifact,
      output: pathToFileURL(folder).href,
    };
    const result = await convertModel(caller, conversion);
    if (!result.ok) return { ok: false, failure: result.failure };
    const { entry, files, optimizeMs, compileMs } = result.response;
    const sources = new Map(files.map((file) => [file.path, join(folder, file.path)]));
    const manifest = {
      schema: 1 as const,
      framework: model.framework,
      path: model.path,
      entry,
      files: [...files],
      optimizeMs,
      compileMs,
    };
    return {
      ok: true,
      isOriginal: false,
      converted: await keepConverted(ports.store, ports.scope, id, manifest, sources),
    };
  }

  return (model, config) => {
    const name = `${model.key} ${config.optimizer} ${config.hardware}`;
    const before = made.get(name);
    if (before !== undefined) return before;
    const now = make(model, config);
    made.set(name, now);
    return now;
  };
}
