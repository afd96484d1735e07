import { expect, test } from 'vitest';
import { Pace } from '../../../../src/target/lambda/control.ts';

test('requests start no closer than their share of a second, whenever they come', () => {
  const pace = new Pace(20);
  expect([0, 0, 0, 60].map((now) => pace.waitMs(now))).toEqual([0, 50, 100, 90]);
});

test('what was not used is not saved up', () => {
  const pace = new Pace(20);
  expect([1000, 1000, 5000, 5000].map((now) => pace.waitMs(now))).toEqual([0, 50, 0, 50]);
});
