import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderArchive } from '../../src/archive/folder.ts';
import type { Scope } from '../../src/archive/records.ts';
import { LOCAL_SCOPE } from '../../src/github/context.ts';
import { readInputs } from '../../src/inputs/read.ts';
import type { RawInputs } from '../../src/inputs/table.ts';
import { nullLogger } from '../../src/log.ts';
import { modelSource } from '../../src/model/source.ts';
import type { ArchiveStore, Target } from '../../src/ports.ts';
import { run } from '../../src/run.ts';
import type { RunPorts } from '../../src/stages/ports.ts';
import type { Inputs } from '../../src/types/inputs.ts';
import type { ConvertRequest, MeasureRequest, RuntimeRequest, RuntimeResponse } from '../../src/types/protocol.ts';
import type { Report } from '../../src/types/report.ts';
import { type RunTask, taskOf } from '../../src/types/task.ts';
import { tinyOnnx } from './onnx.ts';
import { converted, measured, type Script } from './scripted-lambda.ts';

/** Two models of other bytes in a folder: `new.onnx` and `old.onnx`. */
export async function twoModels(folder: string): Promise<{ model: string; baseline: string }> {
  const model = join(folder, 'new.onnx');
  const baseline = join(folder, 'old.onnx');
  await writeFile(model, tinyOnnx({ inputs: [{ name: 'x', dims: ['N', 3] }] }));
  await writeFile(baseline, tinyOnnx({ inputs: [{ name: 'input', dims: ['N', 3] }] }));
  return { model, baseline };
}

export interface FlowOptions {
  readonly signal?: AbortSignal;
  /** What to do beyond the one model of the inputs. */
  readonly task?: (inputs: Inputs) => RunTask;
  readonly ownBaseline?: RunPorts['ownBaseline'];
  readonly store?: ArchiveStore;
  readonly onCell?: (index: number) => void;
  /** A run on this base branch at this commit, of the repository `o/r`. */
  readonly push?: { readonly branch: string; readonly commit: string };
  /** A pull request of the repository `o/r`. */
  readonly pullRequest?: true;
}

function scopeOf({ push, pullRequest }: FlowOptions): Scope {
  if (push !== undefined) return { write: 'o/r/base', read: ['o/r/base'] };
  return pullRequest ? { write: 'o/r/pr', read: ['o/r/base', 'o/r/pr'] } : LOCAL_SCOPE;
}

let runs = 0;

/** Runs the flow as an entry does, its archive and reports below `folder`. */
export async function flow(folder: string, target: Target, raw: RawInputs, options: FlowOptions = {}): Promise<Report> {
  const archive = raw.archive ?? join(folder, 'archive');
  const inputs = readInputs({ ...raw, archive }, (name) => `--${name}`);
  const models = modelSource((name) => `--${name}`);
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  runs += 1;
  const ports: RunPorts = {
    target,
    store: options.store ?? folderArchive(archive),
    scope: scopeOf(options),
    models,
    clock: { now: () => performance.now(), date: () => new Date() },
    logger: nullLogger,
    signal: options.signal ?? new AbortController().signal,
    version: '0.1.0',
    command: 'node dist/cli.js',
    commit: options.push?.commit ?? null,
    baseCommit: null,
    ownBaseline: options.ownBaseline ?? null,
    historyBranch: options.push?.branch ?? null,
    region: inputs.region ?? 'us-east-1',
    notes: [],
    runId: `test-${runs}`,
    scratch,
    placeOf: (name) => `--${name}`,
  };
  try {
    return await run(options.task?.(inputs) ?? taskOf(inputs), ports, {
      planned: () => undefined,
      cell: (index) => options.onCell?.(index),
      sandbox: () => undefined,
    });
  } finally {
    await models.close();
  }
}

/** Copies the model to where the request wants it, as a converter would, and answers. */
export async function copyConverted(request: ConvertRequest): Promise<void> {
  for (const file of request.artifact.files) {
    if (typeof request.output !== 'string') throw new TypeError('a folder was expected');
    await copyFile(fileURLToPath(file.url), join(fileURLToPath(request.output), file.path));
  }
}

/** A script that measures every candidate at `ratio` of its baseline; the vanilla optimizer needs no conversion. */
export function atRatio(ratio: number): Script {
  return (request: RuntimeRequest): RuntimeResponse =>
    request.op === 'convert' || request.op === 'infer'
      ? converted(request)
      : measured(request as MeasureRequest, ratio);
}
