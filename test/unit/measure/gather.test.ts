import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ask, type Gathering, type Job, oneByOne, overlapping } from '../../../src/measure/gather.ts';
import type { Failure } from '../../../src/types/measurement.ts';
import type { ExcludedResponse, MeasureRequest, MeasureResponse } from '../../../src/types/protocol.ts';
import { measured } from '../../support/scripted-lambda.ts';

const REQUEST: MeasureRequest = {
  protocol: 1,
  op: 'measure',
  nonce: 'n',
  framework: 'onnx',
  optimizer: 'onnx',
  batch: 1,
  threads: 1,
  seed: 1,
  subjects: [],
  timing: { warmups: 0, stretchMs: 0, stretchMin: 0, blockMs: 0, minQuads: 0, quadsMs: 0 },
  deadlineMs: 1,
  retire: false,
};

function answerOf(id: string): MeasureResponse {
  const response = measured(REQUEST, 1);
  return { ...response, sandbox: { ...response.sandbox, id } };
}

/**
 * A pool that behaves as Lambda: a request gets an idle sandbox or a new one, and keeps it until its answer. An excluded
 * one answers only when all requests that were sent with it have their sandbox, as one that is held does.
 */
class Pool {
  readonly busy = new Set<string>();
  readonly asked: string[] = [];
  #next = 0;
  readonly known: string[];
  readonly #choose: (idle: readonly string[]) => number;

  constructor(known: readonly string[], choose: (idle: readonly string[]) => number) {
    this.known = [...known];
    this.#choose = choose;
  }

  readonly ask: Ask<Job> = async (_job, exclusion) => {
    await Promise.resolve();
    const { notIn } = exclusion();
    const idle = this.known.filter((id) => !this.busy.has(id));
    const picked = this.#choose(idle);
    let id = idle[picked];
    if (id === undefined) {
      id = `s${this.#next}`;
      this.#next += 1;
      this.known.push(id);
    }
    this.asked.push(id);
    this.busy.add(id);
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.busy.delete(id);
    if (!notIn.includes(id)) return { ok: true, response: answerOf(id), report: null };
    const response: ExcludedResponse = {
      protocol: 1,
      op: 'excluded',
      nonce: 'n',
      sandbox: { id, requests: 2, cold: false, retired: false },
    };
    return { ok: true, response, report: null };
  };
}

function jobs(count: number, group = 'pair'): Job[] {
  return Array.from({ length: count }, (_, index) => ({ index, group }));
}

function gathering(ask: Ask<Job>, more: Partial<Gathering<Job>> = {}): Gathering<Job> {
  return {
    waves: [jobs(6)],
    ask,
    skip: (job, failures) => failures.has(job.group),
    stop: () => null,
    onSandbox: () => undefined,
    known: 0,
    ...more,
  };
}

const idsOf = (responses: readonly MeasureResponse[]): string[] => responses.map((one) => one.sandbox.id);

describe('overlapping requests', () => {
  it('get a sandbox each, with one request each', async () => {
    const pool = new Pool([], () => 0);
    const { responses, failures, cut } = await overlapping(gathering(pool.ask));
    expect(new Set(idsOf(responses)).size).toBe(6);
    expect(pool.asked).toHaveLength(6);
    expect([failures.size, cut]).toEqual([0, null]);
  });

  it('of a second wave find sandboxes that the first did not have', async () => {
    const pool = new Pool([], () => 0);
    const all = jobs(6);
    const { responses } = await overlapping(gathering(pool.ask, { waves: [all.slice(0, 1), all.slice(1)] }));
    expect(idsOf(responses)).toHaveLength(6);
    expect(new Set(idsOf(responses)).size).toBe(6);
  });

  it('are distinct and complete whatever sandboxes the platform has idle and picks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(8), fc.infiniteStream(fc.nat(20)), async (idle, picks) => {
        const known = Array.from({ length: idle }, (_, at) => `old${at}`);
        const pool = new Pool(known, () => picks.next().value ?? 0);
        const { responses } = await overlapping(gathering(pool.ask));
        expect(idsOf(responses)).toHaveLength(6);
        expect(new Set(idsOf(responses)).size).toBe(6);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  const fail = (failure: Failure) => ({ ok: false, failure }) as const;

  it('that the platform failed are asked again', async () => {
    const pool = new Pool([], () => 0);
    let failed = 0;
    const { responses, failures } = await overlapping(
      gathering(async (job, exclusion) => {
        if (job.index !== 2 || failed > 0) return pool.ask(job, exclusion);
        failed += 1;
        return fail({ code: 'connection-lost', message: 'reset' });
      }),
    );
    expect(idsOf(responses)).toHaveLength(6);
    expect(failures.size).toBe(0);
  });

  it('that the platform always fails leave the others a result, down to three', async () => {
    for (const [lost, isFailure] of [
      [3, false],
      [4, true],
    ] as const) {
      const pool = new Pool([], () => 0);
      const { responses, failures } = await overlapping(
        gathering(async (job, exclusion) =>
          job.index < lost ? fail({ code: 'throttled', message: 'often' }) : pool.ask(job, exclusion),
        ),
      );
      expect(responses).toHaveLength(6 - lost);
      expect(failures.get('pair')?.code).toBe(isFailure ? 'throttled' : undefined);
    }
  });

  it('stop where the model fails, and are not asked again', async () => {
    let asked = 0;
    const { failures } = await overlapping(
      gathering(async () => {
        asked += 1;
        return fail({ code: 'out-of-memory', message: 'killed' });
      }),
    );
    expect(failures.get('pair')?.code).toBe('out-of-memory');
    expect(asked).toBe(6);
  });

  it('end with the budget', async () => {
    const pool = new Pool([], () => 0);
    const { responses, cut } = await overlapping(gathering(pool.ask, { stop: () => 'used up' }));
    expect([responses.length, cut]).toEqual([0, 'used up']);
  });
});

describe('a crash', () => {
  const crash = { ok: false, failure: { code: 'crashed', message: 'signal: aborted' } } as const;

  it.each([
    ['one by one', oneByOne],
    ['overlapping', overlapping],
  ])('of one sandbox may be chance, of two it is the model (%s)', async (_, gather) => {
    for (const crashes of [1, 2]) {
      const pool = new Pool([], () => 0);
      let left = crashes;
      const { responses, failures } = await gather(
        gathering(async (job, exclusion) => {
          if (job.index !== 3 || left === 0) {
            // One by one each sandbox is ended after its answer.
            if (gather === oneByOne) pool.known.length = 0;
            return pool.ask(job, exclusion);
          }
          left -= 1;
          return crash;
        }),
      );
      expect(failures.get('pair')?.code).toBe(crashes === 1 ? undefined : 'crashed');
      if (crashes === 1) expect(responses).toHaveLength(6);
    }
  });
});

describe('requests one by one', () => {
  it('exclude nothing, and go on with the other group after a failure', async () => {
    const waves = [[...jobs(2, 'candidate'), ...jobs(2, 'baseline')]];
    const asked: string[] = [];
    const { responses, failures } = await oneByOne(
      gathering(
        async (job, exclusion) => {
          asked.push(`${job.group}${job.index}`);
          expect(exclusion()).toEqual({ notIn: [], holdMs: 0 });
          if (job.group === 'candidate') return { ok: false, failure: { code: 'inference-failed', message: '' } };
          return { ok: true, response: answerOf(`b${job.index}`), report: null };
        },
        { waves },
      ),
    );
    expect(asked).toEqual(['candidate0', 'baseline0', 'baseline1']);
    expect(responses).toHaveLength(2);
    expect([...failures.keys()]).toEqual(['candidate']);
  });
});
