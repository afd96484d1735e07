import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderArchive } from '../../src/archive/folder.ts';
import { LOCAL_SCOPE } from '../../src/github/context.ts';
import { nullLogger } from '../../src/log.ts';
import { Budget } from '../../src/measure/budget.ts';
import { converterAt } from '../../src/measure/convert.ts';
import { loadModel } from '../../src/model/load.ts';
import { resolveInputs } from '../../src/plan/shapes.ts';
import { converter } from '../../src/stages/convert.ts';
import { placesOf } from '../../src/stages/locate.ts';
import type { Optimizer } from '../../src/types/config.ts';
import { plannedRoute } from '../../src/types/runtimes.ts';
import { openTarget } from './local.ts';

/** A model as an optimizer serves it, at batch 1, one thread: the entry's path in `folder`. */
export async function convertedFile(path: string, optimizer: Optimizer, folder: string): Promise<string> {
  const model = await loadModel(path, 'bench');
  const target = await openTarget();
  const [hardware = 'x86_64'] = target.facts.hardware;
  const ports = {
    store: folderArchive(join(folder, 'archive')),
    scope: LOCAL_SCOPE,
    scratch: join(folder, 'scratch'),
    logger: nullLogger,
    target,
  };
  const signal = new AbortController().signal;
  const places = placesOf(ports);
  const budget = new Budget({ maxCalls: 100, maxMinutes: 60, maxSpendUsd: 1 }, () => performance.now());
  const caller = { target, budget, signal, locate: places.locate, usdOf: () => 0, seen: new Map() };
  try {
    const route = plannedRoute(model.framework, optimizer);
    await target.prepare(
      route.steps.map((step) => ({ ...converterAt(step, hardware), op: 'convert' as const })),
      signal,
    );
    const { inputs } = resolveInputs(model.signature, { shapes: {}, ranges: {}, files: {} }, 1, [1]);
    const config = { hardware, optimizer, memoryMb: 1769, batch: 1 };
    const made = await converter(ports, places, caller, 0).convert(model, { config, threads: 1, inputs }, route);
    if (!made.ok) throw new Error(JSON.stringify(made));
    const { entry, files } = made.converted.artifact;
    mkdirSync(folder, { recursive: true });
    for (const file of files) cpSync(fileURLToPath(file.url), join(folder, file.path));
    return join(folder, entry);
  } finally {
    await target.close();
  }
}
