import type { Block } from '../types/protocol.ts';
import { isNumbers, median } from './stats.ts';

type Quad = readonly [Block, Block, Block, Block];

/** Whole quads (ABBA or BAAB); the deadline may have cut the last one short. */
export function quadsOf(blocks: readonly Block[]): readonly Quad[] {
  const quads: Quad[] = [];
  for (let at = 0; at + 4 <= blocks.length; at += 4) {
    const [a, b, c, d] = blocks.slice(at, at + 4);
    if (a !== undefined && b !== undefined && c !== undefined && d !== undefined) quads.push([a, b, c, d]);
  }
  return quads;
}

/** ½ Σ (ln candidate − ln baseline) of one quad. */
function logRatio(quad: Quad, clock: 'wallMs' | 'cpuMs'): number | null {
  let sum = 0;
  let sign = 0;
  for (const block of quad) {
    if (!(block[clock] > 0)) return null;
    const side = block.role === 'candidate' ? 1 : -1;
    sign += side;
    sum += side * Math.log(block[clock]);
  }
  return sign === 0 ? sum / 2 : null;
}

/**
 * Median over quads of ½ Σ (ln candidate − ln baseline): what the sandbox says of ln(candidate / baseline). ABBA cancels
 * a linear drift. Null where no quad holds both subjects.
 */
export function pairOf(quads: readonly Quad[]): { readonly wall: number; readonly cpu: number } | null {
  const middle = (clock: 'wallMs' | 'cpuMs'): number | null => {
    const ratios = quads.flatMap((quad) => logRatio(quad, clock) ?? []);
    return isNumbers(ratios) ? median(ratios) : null;
  };
  const wall = middle('wallMs');
  const cpu = middle('cpuMs');
  return wall === null || cpu === null ? null : { wall, cpu };
}
