import { expect, test } from 'vitest';
import { Pace } from '../../../../src/target/lambda/control.ts';

test('requests start no closer than their share of a second', async () => {
  const pace = new Pace(50);
  const { signal } = new AbortController();
  const starts: number[] = [];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      await pace.turn(signal);
      starts.push(performance.now());
    }),
  );
  // Node's timers may fire up to a millisecond early.
  expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(5 * 20 - 5);
});

test('an aborted one does not wait', async () => {
  const pace = new Pace(0.001);
  const controller = new AbortController();
  await pace.turn(controller.signal);
  const waiting = pace.turn(controller.signal);
  controller.abort();
  await waiting;
});
