import type { Timing } from '../types/protocol.ts';

/**
 * Version of the measuring itself: what changes a figure (timing below, order of steps, the runtime's loop) raises it,
 * and older archived figures no longer stand for new ones.
 */
export const HARNESS = '1';

/** Sandboxes a cell: the sandbox is the unit of the statistics. */
export const SANDBOXES = 6;

/** Why these: docs/verdict.md. */
export const TIMING: Timing = {
  warmups: 3,
  stretchMs: 300,
  stretchMin: 5,
  blockMs: 20,
  minQuads: 4,
  quadsMs: 500,
};

/** Nothing but the first request is of interest: cold start and peak memory. */
export const FIRST_REQUEST: Timing = { ...TIMING, stretchMs: 0, stretchMin: 0, minQuads: 0, quadsMs: 0 };

/** Idle connections die silently in NAT after minutes; a request answers well before. */
export const DEADLINE_MS = 50_000;

/** What one sandbox times, in seconds: a stretch of each of two subjects, and the quads. */
export const TIMED_SECONDS = (2 * TIMING.stretchMs + TIMING.quadsMs) / 1000 + 0.2;
