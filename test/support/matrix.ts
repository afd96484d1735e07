import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { folderArchive } from '../../src/archive/folder.ts';
import { LOCAL_SCOPE } from '../../src/github/context.ts';
import { nullLogger } from '../../src/log.ts';
import { Budget } from '../../src/measure/budget.ts';
import { type Caller, callMeasure } from '../../src/measure/call.ts';
import { converterAt } from '../../src/measure/convert.ts';
import { DEADLINE_MS } from '../../src/measure/protocol.ts';
import { modelSource } from '../../src/model/source.ts';
import { threadsOf } from '../../src/plan/matrix.ts';
import { resolveInputs } from '../../src/plan/shapes.ts';
import type { Work } from '../../src/ports.ts';
import { converter } from '../../src/stages/convert.ts';
import { placesOf } from '../../src/stages/locate.ts';
import type { Configuration } from '../../src/types/config.ts';
import type { Failure } from '../../src/types/measurement.ts';
import type { InputSpec, Model } from '../../src/types/model.ts';
import type { MeasureResponse, Timing } from '../../src/types/protocol.ts';
import { convertersOf, needsOutputs, routeOf } from '../../src/types/runtimes.ts';
import { localTarget } from '../../src/wiring/index.ts';
import { ROOT } from './program.ts';

const SEED = 7;
/** Enough to show that it can be timed; nothing is concluded from it. */
const TIMING = { warmups: 1, stretchMs: 5, stretchMin: 2, blockMs: 1, minQuads: 1, quadsMs: 0 };

/** One cell, run once: what it answered, or why it did not. */
export type CellOutcome =
  | {
      readonly kind: 'measured';
      readonly response: MeasureResponse;
      /** Of the sandbox, from its start until it could take the request. */
      readonly initMs: number;
      /** Of its conversions together; null where there were none. */
      readonly optimizeMs: number | null;
      readonly compileMs: number | null;
      readonly bytes: number;
      readonly inputs: readonly InputSpec[];
      readonly notes: readonly string[];
    }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The matrix has no such cell, and says why. */
  | { readonly kind: 'none'; readonly why: string };

/** Runs cells of the matrix on the embedded Lambda, through the stages that a run has, one sandbox a cell. */
export async function openMatrix() {
  const scratch = await mkdtemp(join(tmpdir(), 'ayci-matrix-'));
  const signal = new AbortController().signal;
  const outside = {
    inAction: false,
    entry: pathToFileURL(join(ROOT, 'src', 'cli.ts')).href,
    env: process.env,
    logger: nullLogger,
    signal,
    placeOf: (name: string) => `--${name}`,
  };
  const target = await localTarget(outside, null);
  const ports = {
    store: folderArchive(join(scratch, 'archive')),
    scope: LOCAL_SCOPE,
    scratch,
    logger: nullLogger,
    target,
  };
  const places = placesOf(ports);
  const budget = new Budget({ maxCalls: 10_000, maxMinutes: 300, maxSpendUsd: 1 }, () => performance.now());
  const caller: Caller = { target, budget, signal, locate: places.locate, usdOf: () => 0, seen: new Map() };
  const converts = converter(ports, places, caller, SEED);
  const source = modelSource((name) => `--${name}`);
  const [hardware = 'x86_64'] = target.facts.hardware;

  async function cell(model: Model, options: CellOptions): Promise<CellOutcome> {
    const { optimizer, batch = 1, memoryMb = 1769, shapes = {}, timing = TIMING } = options;
    const route = routeOf(model.framework, optimizer);
    if (typeof route === 'string') return { kind: 'none', why: route };
    const config: Configuration = { hardware, optimizer, memoryMb, batch };
    const where = { framework: route.serves, hardware, memoryMb };
    const work: Work[] = [
      { ...where, op: 'measure' },
      ...convertersOf(model.framework, route).map((one): Work => ({ ...converterAt(one, hardware), op: 'convert' })),
    ];
    await target.prepare(work, signal);
    const { inputs } = resolveInputs(model.signature, { shapes, ranges: {}, files: {} }, batch, [batch]);
    const served = { config, threads: threadsOf(memoryMb), inputs };
    const made = await converts.convert(model, served, route);
    if (!made.ok)
      return { kind: 'failed', failure: 'failure' in made ? made.failure : { code: 'timeout', message: made.cut } };
    const beside = needsOutputs(model.framework, route)
      ? await converts
          .outputs(model, served)
          .then((one) => ('converted' in one ? { expected: one.converted.artifact } : null))
      : { reference: await places.artifact(model) };
    if (beside === null) throw new Error(`${model.path}: the unconverted model gave no outputs`);
    const { artifact, notes, optimizeMs, compileMs } = made.converted;
    const subject = { role: 'candidate', artifact, inputs, ...(route.steps.length === 0 ? {} : beside) } as const;
    const answer = await callMeasure(caller, where, () => ({
      protocol: 1,
      op: 'measure',
      framework: route.serves,
      optimizer,
      batch,
      threads: served.threads,
      seed: SEED,
      subjects: [subject],
      timing,
      deadlineMs: DEADLINE_MS,
      retire: true,
    }));
    if (!answer.ok) return { kind: 'failed', failure: answer.failure };
    if (answer.response.op !== 'measure') throw new Error('a sandbox was excluded that nobody excluded');
    const bytes = artifact.files.reduce((sum, file) => sum + file.size, 0);
    const initMs = answer.report?.initMs ?? null;
    if (initMs === null) throw new Error('the sandbox was no fresh one');
    return { kind: 'measured', response: answer.response, initMs, optimizeMs, compileMs, bytes, inputs, notes };
  }

  return {
    load: (path: string, signature: string | null = null) => source.candidate(path, signature),
    cell,
    get calls() {
      return budget.calls;
    },
    async [Symbol.asyncDispose]() {
      await target.close();
      await source.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

export interface CellOptions {
  readonly optimizer: Configuration['optimizer'];
  readonly batch?: number;
  readonly memoryMb?: number;
  readonly timing?: Timing;
  readonly shapes?: Parameters<typeof resolveInputs>[1]['shapes'];
}
