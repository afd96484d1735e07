import { expect, test } from 'vitest';
import { Limiter, type Slot } from '../../../../src/target/lambda/limiter.ts';

const signal = new AbortController().signal;

/** A limiter with a clock that the test moves. */
function limiterOf(max: number): { limiter: Limiter; pass: (ms: number) => void } {
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
  };
  return { limiter: new Limiter({ max, now: () => now }), pass };
}

function take(limiter: Limiter, count: number): Promise<Slot[]> {
  return Promise.all(Array.from({ length: count }, () => limiter.acquire(signal)));
}

/** Lets what has been granted go on. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('no more than the limit are in flight; the others wait in order, what is sent again goes first', async () => {
  const { limiter } = limiterOf(2);
  const [first, second] = await take(limiter, 2);
  const order: string[] = [];
  const later = (name: string, again = false): Promise<void> =>
    limiter.acquire(signal, again).then((slot) => {
      order.push(name);
      slot.release(false);
    });
  const all = [later('third'), later('fourth'), later('again', true)];
  await settled();
  expect([order, limiter.active, limiter.waiting]).toEqual([[], 2, 3]);
  first?.release(false);
  await Promise.all(all);
  expect(order).toEqual(['again', 'third', 'fourth']);
  second?.release(false);
  expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
});

test('a slot is given back once, however often it is released', async () => {
  const { limiter } = limiterOf(3);
  const [one] = await take(limiter, 2);
  one?.release(false);
  one?.release(false);
  one?.release(true);
  expect([limiter.active, limiter.limit]).toEqual([1, 3]);
});

test('a burst over the cap of the platform comes down to that cap, not below', async () => {
  const { limiter } = limiterOf(1000);
  const slots = await take(limiter, 1000);
  for (const slot of slots.slice(100)) slot.release(true);
  expect([limiter.limit, limiter.active]).toEqual([100, 100]);
  for (const slot of slots.slice(0, 100)) slot.release(false);
  expect(limiter.limit).toBe(100);
});

test('the last request in flight is never refused its turn', async () => {
  const { limiter } = limiterOf(1);
  for (let time = 0; time < 3; time += 1) {
    const [slot] = await take(limiter, 1);
    slot?.release(true);
    expect(limiter.limit).toBe(1);
  }
});

test('after a refusal the limit is calm for five seconds, then grows a little each second while it is in use', async () => {
  const { limiter, pass } = limiterOf(200);
  const slots = await take(limiter, 200);
  for (const slot of slots.slice(100)) slot.release(true);
  const busy = slots.slice(0, 100);
  const turn = async (): Promise<void> => {
    busy.shift()?.release(false);
    busy.push(...(await take(limiter, limiter.limit - limiter.active)));
  };
  pass(4900);
  await turn();
  expect(limiter.limit).toBe(100);
  pass(100);
  await turn();
  expect(limiter.limit).toBe(102);
  await turn();
  expect(limiter.limit).toBe(102);
  for (let second = 0; second < 60; second += 1) {
    pass(1000);
    await turn();
  }
  expect(limiter.limit).toBe(200);
});

test('what is not in use does not grow', async () => {
  const { limiter, pass } = limiterOf(10);
  const slots = await take(limiter, 10);
  for (const slot of slots.slice(5)) slot.release(true);
  for (const slot of slots.slice(0, 5)) slot.release(false);
  pass(60_000);
  for (let time = 0; time < 10; time += 1) (await limiter.acquire(signal)).release(false);
  expect(limiter.limit).toBe(5);
});

test('an aborted wait ends with the reason and takes no slot', async () => {
  const { limiter } = limiterOf(1);
  const [slot] = await take(limiter, 1);
  const controller = new AbortController();
  const waiting = limiter.acquire(controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(limiter.acquire(controller.signal)).rejects.toBe(reason);
  expect(limiter.waiting).toBe(0);
  slot?.release(false);
  expect(limiter.active).toBe(0);
});

test.each([0, -1, 1.5, Number.NaN])('a limit of %d is refused', (max) => {
  expect(() => limiterOf(max)).toThrow(RangeError);
});
