import { describe, expect, it } from 'vitest';
import { inParallel, laddersOf } from '../../../src/stages/order.ts';
import type { Configuration } from '../../../src/types/config.ts';
import type { PlannedCell } from '../../../src/types/plan.ts';

function cell(memoryMb: number, batch: number): PlannedCell {
  const config: Configuration = { hardware: 'x86_64', optimizer: 'onnx', memoryMb, batch };
  return { config, threads: 1, candidateInputs: [], baselineInputs: null, impossible: null, known: null };
}

describe('the order of cells', () => {
  it('is by memory from the largest down, for what is otherwise the same', () => {
    const cells = [cell(512, 1), cell(512, 8), cell(1769, 1), cell(1024, 1), cell(1769, 8)];
    const ladders = laddersOf(cells).map((ladder) => ladder.map(({ config }) => [config.memoryMb, config.batch]));
    expect(ladders).toEqual([
      [
        [1769, 1],
        [1024, 1],
        [512, 1],
      ],
      [
        [1769, 8],
        [512, 8],
      ],
    ]);
  });
});

describe('working in parallel', () => {
  it('does every item once, never more at a time than allowed', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      done.push(item);
    });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('takes no items as well', async () => {
    await expect(inParallel([], 4, async () => undefined)).resolves.toBeUndefined();
  });
});
