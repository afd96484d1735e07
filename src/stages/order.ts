import type { Measurement } from '../types/measurement.ts';
import type { PlannedCell } from '../types/plan.ts';

/** Cells that differ in memory alone, the largest first. */
export type Ladder = readonly PlannedCell[];

/** The cells as ladders: what does not fit into one size is not tried in a smaller one. */
export function laddersOf(cells: readonly PlannedCell[]): readonly Ladder[] {
  const ladders = new Map<string, PlannedCell[]>();
  for (const cell of cells) {
    const { hardware, optimizer, batch } = cell.config;
    const name = `${hardware} ${optimizer} ${batch}`;
    ladders.set(name, [...(ladders.get(name) ?? []), cell]);
  }
  return [...ladders.values()].map((cells) => cells.sort((a, b) => b.config.memoryMb - a.config.memoryMb));
}

/** Whether smaller sizes of the same cell need not be tried. */
export function didNotFit(measurement: Measurement | null): boolean {
  return measurement?.candidateFailure?.code === 'out-of-memory';
}

/** Works through items, so many at a time. A worker takes the next item when it is done with one. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(atOnce, items.length)) }, worker));
}
