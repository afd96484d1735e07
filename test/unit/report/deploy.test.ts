import { describe, expect, it } from 'vitest';
import { deployables } from '../../../src/report/deploy.ts';
import type { ModelReport } from '../../../src/types/report.ts';
import { modelOf, pair } from './comment-report.ts';

function model(best: readonly [number, number, number]): ModelReport {
  const sizes = [1769, 885, 442].map((memoryMb) => pair(8.9, 0, { memoryMb }));
  const made = modelOf('net.onnx', sizes);
  const config = (at: number) => made.cells[at]?.config ?? null;
  return { ...made, best: { balanced: config(best[0]), cheapest: config(best[1]), fastest: config(best[2]) } };
}

const told = (best: readonly [number, number, number]) =>
  deployables(model(best)).map(({ bestAt, cell }) => [bestAt, cell.config.memoryMb]);

describe('what to deploy', () => {
  it('names each configuration once, with all that it is best at', () => {
    expect(told([0, 0, 0])).toEqual([['balanced, cheapest, fastest', 1769]]);
    expect(told([0, 2, 0])).toEqual([
      ['balanced, fastest', 1769],
      ['cheapest', 442],
    ]);
    expect(told([0, 1, 2])).toEqual([
      ['balanced', 1769],
      ['cheapest', 885],
      ['fastest', 442],
    ]);
  });

  it('is nothing where there was no choice', () => {
    const { cells, ...one } = model([0, 0, 0]);
    expect(deployables({ ...one, cells: cells.slice(0, 1) })).toEqual([]);
    expect(deployables({ ...one, cells, best: { balanced: null, cheapest: null, fastest: null } })).toEqual([]);
  });
});
