import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { archiveUrl, layout } from '../archive/keys.ts';
import { artifactOf, keptArtifact } from '../archive/models.ts';
import { AyciError } from '../errors.ts';
import type { Locate } from '../measure/locate.ts';
import type { InputSpec, Model } from '../types/model.ts';
import type { Artifact } from '../types/protocol.ts';
import type { RunPorts } from './ports.ts';

const ARCHIVE = archiveUrl('');

/** Where the target's runtimes read models and inputs. */
export interface Places {
  readonly locate: Locate;
  /** A model where they can read it: kept in the archive first, where they are elsewhere. */
  artifact(model: Model): Promise<Artifact>;
  /** Inputs where they can read them: a user's own data goes to the archive, where they are elsewhere. */
  inputs(specs: readonly InputSpec[]): Promise<readonly InputSpec[]>;
}

function once<T>(work: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const started = new Map<string, Promise<T>>();
  return (name) => {
    const promise = started.get(name) ?? work(name);
    started.set(name, promise);
    return promise;
  };
}

/** The places of one run. What is uploaded or brought is so once. */
export function placesOf(ports: Pick<RunPorts, 'store' | 'scope' | 'scratch' | 'target'>): Places {
  const { store, scope } = ports;
  const remote = ports.target.facts.reads === 'archive';
  const models = new Map<string, Promise<Artifact>>();

  const bring = once(async (key) => {
    const folder = join(ports.scratch, 'objects');
    await mkdir(folder, { recursive: true });
    const file = join(folder, createHash('sha256').update(key).digest('hex'));
    if (!(await store.getFile(key, file))) {
      throw new AyciError('archive', `archive ${store.name}: ${key} is gone`, { hint: 'Run again.' });
    }
    return pathToFileURL(file).href;
  });

  async function input(spec: InputSpec): Promise<InputSpec> {
    if (spec.fill.kind !== 'file') return spec;
    const key = layout(scope.write).input(spec.fill.sha256);
    await store.putFile(key, fileURLToPath(spec.fill.url));
    return { ...spec, fill: { ...spec.fill, url: archiveUrl(key) } };
  }

  return {
    async locate(url) {
      if (!url.startsWith(ARCHIVE)) return url;
      const key = url.slice(ARCHIVE.length);
      return remote || !store.remote ? store.readUrl(key) : bring(key);
    },
    async artifact(model) {
      if (!remote) return artifactOf(model);
      const kept = models.get(model.key) ?? keptArtifact(store, scope, model);
      models.set(model.key, kept);
      return kept;
    },
    inputs: async (specs) => (remote ? Promise.all(specs.map(input)) : specs),
  };
}
