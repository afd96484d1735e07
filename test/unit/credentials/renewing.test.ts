import { describe, expect, it } from 'vitest';
import { type Credentials, renewing } from '../../../src/credentials/renewing.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Clocks that a test moves, together or apart, and an issuer of numbered sessions. */
function scene(lengthMs = HOUR, askedMs = lengthMs) {
  let monotonic = 5000;
  let wall = Date.UTC(2026, 10, 24);
  let asked = 0;
  let failing: Error | null = null;
  let held: Promise<void> | null = null;
  const obtain = async (): Promise<Credentials> => {
    asked += 1;
    const number = asked;
    await held;
    if (failing !== null) throw failing;
    const [accessKeyId, secretAccessKey, sessionToken] = [`ASIA${number}`, 's', 't'];
    return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(wall + lengthMs) };
  };
  const provider = renewing(obtain, askedMs, { now: () => monotonic, date: () => new Date(wall) });
  return {
    provider,
    key: async () => (await provider()).accessKeyId,
    asked: () => asked,
    pass: (ms: number) => {
      monotonic += ms;
      wall += ms;
    },
    setWall: (ms: number) => {
      wall += ms;
    },
    sleepMachine: (ms: number) => {
      wall += ms;
    },
    fail: (error: Error | null) => {
      failing = error;
    },
    hold: () => {
      let release = (): void => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

describe('renewing', () => {
  it('asks for nothing before it is called, and once for many calls', async () => {
    const { provider, asked } = scene();
    expect(asked()).toBe(0);
    await provider();
    await provider();
    expect(asked()).toBe(1);
  });

  it('shares one request among callers at the same time, the first time and at a renewal', async () => {
    const { key, asked, hold, pass } = scene();
    let release = hold();
    const first = Promise.all([key(), key(), key()]);
    release();
    expect(await first).toEqual(['ASIA1', 'ASIA1', 'ASIA1']);
    pass(HOUR - 10 * MINUTE);
    release = hold();
    const second = Promise.all([key(), key()]);
    release();
    expect(await second).toEqual(['ASIA2', 'ASIA2']);
    expect(asked()).toBe(2);
  });

  it.each([
    ['an hour', HOUR, 40 * MINUTE],
    ['15 minutes', 15 * MINUTE, 7.5 * MINUTE],
    ['12 hours', 12 * HOUR, 12 * HOUR - 20 * MINUTE],
  ])('keeps a session of %s until less than 20 minutes or half of it are left', async (_, length, until) => {
    const { key, pass } = scene(length);
    expect(await key()).toBe('ASIA1');
    pass(until);
    expect(await key()).toBe('ASIA1');
    pass(1);
    expect(await key()).toBe('ASIA2');
    expect(await key()).toBe('ASIA2');
  });

  it('takes a session for shorter where STS granted less than was asked for', async () => {
    const { key, pass } = scene(15 * MINUTE, HOUR);
    await key();
    pass(8 * MINUTE);
    expect(await key()).toBe('ASIA2');
  });

  it('notices that the machine slept', async () => {
    const { key, sleepMachine } = scene();
    await key();
    sleepMachine(50 * MINUTE);
    expect(await key()).toBe('ASIA2');
  });

  it.each([
    ['behind', -5 * HOUR],
    ['ahead', 5 * HOUR],
  ])('keeps and renews in time where the clock is hours %s', async (_, skew) => {
    let monotonic = 0;
    let asked = 0;
    const real = Date.UTC(2026, 10, 24);
    const obtain = async (): Promise<Credentials> => {
      asked += 1;
      const expiration = new Date(real + monotonic + HOUR);
      return { accessKeyId: `ASIA${asked}`, secretAccessKey: 's', sessionToken: 't', expiration };
    };
    const provider = renewing(obtain, HOUR, { now: () => monotonic, date: () => new Date(real + monotonic + skew) });
    await provider();
    monotonic += 40 * MINUTE;
    expect((await provider()).accessKeyId).toBe('ASIA1');
    monotonic += MINUTE;
    expect((await provider()).accessKeyId).toBe('ASIA2');
  });

  it('is not misled by a clock that is set back', async () => {
    const { key, pass, setWall } = scene();
    await key();
    setWall(-3 * HOUR);
    pass(41 * MINUTE);
    expect(await key()).toBe('ASIA2');
  });

  it('uses what it has where a renewal fails, tries again after a while, and fails when it is over', async () => {
    const { key, asked, pass, fail } = scene();
    await key();
    pass(45 * MINUTE);
    fail(new Error('STS is away'));
    expect(await key()).toBe('ASIA1');
    expect(await key()).toBe('ASIA1');
    expect(asked()).toBe(2);
    pass(MINUTE);
    expect(await key()).toBe('ASIA1');
    expect(asked()).toBe(3);
    pass(13.5 * MINUTE);
    await expect(key()).rejects.toThrow('STS is away');
    fail(null);
    expect(await key()).toBe('ASIA5');
  });

  it('does not keep a failure', async () => {
    const { key, fail } = scene();
    fail(new Error('not yet'));
    await expect(key()).rejects.toThrow('not yet');
    fail(null);
    expect(await key()).toBe('ASIA2');
  });

  it('asks anew where it is told to, for a clock or a server that disagrees', async () => {
    const { provider } = scene();
    await provider();
    expect((await provider({ forceRefresh: true })).accessKeyId).toBe('ASIA2');
    expect((await provider()).accessKeyId).toBe('ASIA2');
  });
});
