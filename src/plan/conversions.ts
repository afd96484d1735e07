import type { Model } from '../types/model.ts';
import type { Plan, PlannedCell } from '../types/plan.ts';
import { needsOutputs, routeOf } from '../types/runtimes.ts';

/** Names each request to a converter that a cell's model takes, the same for cells that share what it makes. */
function requestsOf({ framework }: Model, { config, threads }: PlannedCell, compared: boolean): readonly string[] {
  const route = routeOf(framework, config.optimizer);
  if (typeof route === 'string') return [];
  const requests: string[] = [];
  let before = '';
  for (const { runtime, optimizer, made, fits } of route.steps) {
    const on = made === 'anywhere' ? '' : config.hardware;
    const fitted = { any: '', inputs: `${config.batch}`, threads: `${config.batch} ${threads}` }[fits];
    before = [before, runtime, optimizer, on, fitted].join(' ');
    requests.push(before);
  }
  return compared && needsOutputs(framework, route) ? [...requests, `outputs ${config.batch}`] : requests;
}

/** How many requests to converters are left, as far as nothing was converted before. */
export function conversionsOf({ candidate, baseline, cells }: Pick<Plan, 'candidate' | 'baseline' | 'cells'>): number {
  const left = cells.filter((cell) => cell.impossible === null && cell.known === null);
  const of = (model: Model, compared: boolean) =>
    new Set(left.flatMap((cell) => requestsOf(model, cell, compared))).size;
  return of(candidate, true) + (baseline === null ? 0 : of(baseline, false));
}
