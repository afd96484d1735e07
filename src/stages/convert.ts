import { createHash } from 'node:crypto';
import { type Converted, type ConvertedId, findConverted } from '../archive/models.ts';
import type { Caller } from '../measure/call.ts';
import type { Configuration } from '../types/config.ts';
import type { Route, Step } from '../types/engines.ts';
import type { InputSpec, Model } from '../types/model.ts';
import type { Artifact, ConvertRequest } from '../types/protocol.ts';
import type { Places } from './locate.ts';
import { type Made, maker } from './make.ts';
import type { RunPorts } from './ports.ts';

/** What a model is converted for. */
export interface Served {
  readonly config: Configuration;
  readonly threads: number;
  readonly inputs: readonly InputSpec[];
}

export interface Converter {
  /** The model in the form that its route serves; where it has no steps, as it is. */
  convert(model: Model, served: Served, route: Route): Promise<Made>;
  /** What the unconverted model answers to a cell's inputs, as an artifact. */
  outputs(model: Model, served: Served): Promise<Made>;
}

/** What a converter is asked for, in turn. */
type Asked = Step & Pick<ConvertRequest, 'op'>;

/** What a conversion starts from: the one before it, if any. */
interface Link {
  readonly artifact: Artifact;
  readonly digest: string;
}

/** `sha256:` of all of them; of a single one: itself. */
function digestOf(parts: readonly string[]): string {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  return `sha256:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

/** All that a conversion depends on besides model, optimizer, hardware and converter. */
function circumstances({ fits }: Asked, { config, threads, inputs }: Served, seed: number): readonly string[] {
  if (fits === 'any') return [];
  const fed = inputs.map(({ name, dtype, shape, fill }) => {
    const values = fill.kind === 'file' ? fill.sha256 : JSON.stringify(fill);
    return JSON.stringify([name, dtype, shape, values]);
  });
  return [`batch ${config.batch} seed ${seed}`, ...(fits === 'threads' ? [`threads ${threads}`] : []), ...fed];
}

function sumOf(one: number | null, other: number | null): number | null {
  return one === null ? other : one + (other ?? 0);
}

/** The model's vanilla outputs, by its framework's own converter. */
function inference(model: Model): Asked {
  return { op: 'infer', runtime: model.framework, optimizer: 'vanilla', made: 'anywhere', fits: 'inputs', light: true };
}

/** Has models converted, each conversion once: what the archive has is taken from there, what is made is kept there. */
export function converter(
  ports: Pick<RunPorts, 'store' | 'scope' | 'scratch' | 'logger' | 'target'>,
  places: Places,
  caller: Caller,
  seed: number,
): Converter {
  const { store, scope, logger } = ports;
  const { facts } = ports.target;
  const make = maker(ports, caller);
  const known = new Map<string, Promise<Made>>();

  async function findOrMake(model: Model, served: Served, asked: Asked, from: Artifact | null, id: ConvertedId) {
    const found = await findConverted(store, scope, id);
    if (found !== null) return { ok: true, converted: found } as const;
    logger.progress(asked.op === 'infer' ? 'Running the unconverted model once' : `Converting for ${asked.optimizer}`);
    const { config, threads } = served;
    const request = {
      op: asked.op,
      framework: asked.runtime,
      optimizer: asked.optimizer,
      artifact: from ?? (await places.artifact(model)),
      hardware: config.hardware,
      batch: config.batch,
      threads,
      seed,
      inputs: await places.inputs(served.inputs),
    };
    const on = facts.converterHardware(asked, config.hardware);
    return make(model, { on, request, ...(asked.light && { light: asked.light }) }, id);
  }

  function step(model: Model, served: Served, asked: Asked, before: Link | null) {
    const { hardware } = served.config;
    const on = facts.converterHardware(asked, hardware);
    const parts = [facts.converterDigest(asked, on), ...circumstances(asked, served, seed)];
    const digest = digestOf(before === null ? parts : [before.digest, ...parts]);
    const id = {
      key: model.key,
      optimizer: asked.optimizer,
      hardware: asked.made === 'anywhere' ? on : hardware,
      converterDigest: digest,
    };
    const name = [id.key, id.optimizer, id.hardware, digest].join(' ');
    const made = known.get(name) ?? findOrMake(model, served, asked, before?.artifact ?? null, id);
    known.set(name, made);
    return { made, digest };
  }

  return {
    async convert(model, served, route) {
      let last: Link | null = null;
      let converted: Converted = {
        artifact: await places.artifact(model),
        optimizeMs: null,
        compileMs: null,
        notes: [],
        converters: {},
      };
      for (const one of route.steps) {
        const { made, digest } = step(model, served, { ...one, op: 'convert' }, last);
        const result = await made;
        if (!result.ok) return result;
        const { artifact, optimizeMs, compileMs, notes, converters } = result.converted;
        last = { artifact, digest };
        converted = {
          artifact,
          optimizeMs: sumOf(converted.optimizeMs, optimizeMs),
          compileMs: sumOf(converted.compileMs, compileMs),
          notes: [...converted.notes, ...notes],
          converters: { ...converted.converters, ...converters },
        };
      }
      return { ok: true, converted };
    },
    outputs: (model, served) => step(model, served, inference(model), null).made,
  };
}
