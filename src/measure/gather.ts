import { type Failure, type FailureCode, PASSING_FAILURES } from '../types/measurement.ts';
import type { ExcludedResponse, MeasureResponse } from '../types/protocol.ts';
import type { Answer } from './call.ts';

/** What one sandbox is to be asked. Sandboxes of one group have to be distinct. */
export interface Job {
  readonly index: number;
  readonly group: string;
}

/** What an asked sandbox has to be, and how long one that is not stays busy so that the next request finds another. */
export interface Exclusion {
  readonly notIn: readonly string[];
  readonly holdMs: number;
}

/** @param exclusion is called when the request is sent */
export type Ask<J> = (job: J, exclusion: () => Exclusion) => Promise<Answer<MeasureResponse | ExcludedResponse>>;

export interface Gathering<J extends Job> {
  /** Jobs of one wave may run at once; a wave begins when the one before has ended. */
  readonly waves: readonly (readonly J[])[];
  readonly ask: Ask<J>;
  /** Whether a job is to be left out, by the failures of groups so far. */
  readonly skip: (job: J, failures: ReadonlyMap<string, Failure>) => boolean;
  /** Why no further call may start, or null. */
  readonly stop: () => string | null;
  readonly onSandbox: (done: number, of: number) => void;
  /** Sandboxes that may come up though they were asked before, beyond those of this gathering. */
  readonly known: number;
}

export interface Gathered {
  /** In the order of the jobs. */
  readonly responses: readonly MeasureResponse[];
  /** The first failure of each group that failed. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** Why it was cut short, or null. */
  readonly cut: string | null;
}

/** What may have been the sandbox rather than the model: it takes two of a group to be believed. */
const ONCE_IS_CHANCE: readonly FailureCode[] = ['crashed', 'timeout'];

/** Failures of groups; those that may be chance count from the second on. */
class Failures extends Map<string, Failure> {
  readonly #suspected = new Set<string>();

  /** False: not believed yet. */
  note(group: string, failure: Failure): boolean {
    if (ONCE_IS_CHANCE.includes(failure.code) && !this.has(group) && !this.#suspected.has(group)) {
      this.#suspected.add(group);
      return false;
    }
    if (!this.has(group)) this.set(group, failure);
    return true;
  }
}

/** One sandbox after the other, each ended after its answer: distinct by themselves. */
export async function oneByOne<J extends Job>(gathering: Gathering<J>): Promise<Gathered> {
  const jobs = gathering.waves.flat();
  const responses: MeasureResponse[] = [];
  const failures = new Failures();
  for (const [at, job] of jobs.entries()) {
    if (gathering.skip(job, failures)) continue;
    const cut = gathering.stop();
    if (cut !== null) return { responses, failures, cut };
    const ask = () => gathering.ask(job, () => ({ notIn: [], holdMs: 0 }));
    let answer = await ask();
    if (!answer.ok && !failures.note(job.group, answer.failure)) {
      const stop = gathering.stop();
      if (stop !== null) return { responses, failures, cut: stop };
      answer = await ask();
      if (!answer.ok) failures.note(job.group, answer.failure);
    }
    if (!answer.ok) continue;
    if (answer.response.op === 'measure') responses.push(answer.response);
    gathering.onSandbox(at + 1, jobs.length);
  }
  return { responses, failures, cut: null };
}

/** An excluded sandbox stays busy for longer than requests sent together lie apart. */
const HOLD_MS = 3000;
/** Tries to get a job its sandbox. */
const ROUNDS = 4;
/** So few sandboxes of those wanted are still a result: beyond, the platform's failure is the cell's. */
const ENOUGH = 3;
/** Most requests that only keep excluded sandboxes busy. */
const MOST_HELD = 24;

/**
 * All of a wave at once, so that the platform gives each request a sandbox of its own. What came to a sandbox that had
 * answered before is dropped and asked again, with so many requests beside it that the excluded ones are all busy.
 */
export async function overlapping<J extends Job>(gathering: Gathering<J>): Promise<Gathered> {
  const jobs = gathering.waves.flat();
  const found = new Map<J, MeasureResponse>();
  const failures = new Failures();
  const passing = new Map<string, Failure>();
  const idsOf = (group: string): string[] =>
    [...found].flatMap(([job, response]) => (job.group === group ? [response.sandbox.id] : []));
  let cut: string | null = null;

  async function one(job: J): Promise<void> {
    const answer = await gathering.ask(job, () => ({ notIn: idsOf(job.group), holdMs: HOLD_MS }));
    if (!answer.ok) {
      const { failure } = answer;
      const counts = !PASSING_FAILURES.includes(failure.code) && failures.note(job.group, failure);
      if (!counts && !passing.has(job.group)) passing.set(job.group, failure);
    } else if (answer.response.op === 'measure') {
      if (found.has(job) || idsOf(job.group).includes(answer.response.sandbox.id)) return;
      found.set(job, answer.response);
      gathering.onSandbox(found.size, jobs.length);
    }
  }

  for (const wave of gathering.waves) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const missing = wave.filter((job) => !found.has(job) && !gathering.skip(job, failures));
      if (missing.length === 0) break;
      cut = gathering.stop();
      if (cut !== null) break;
      const held = Math.min(MOST_HELD, found.size + gathering.known);
      const beside = Array.from({ length: held }, (_, at) => missing[at % missing.length]).flatMap((job) => job ?? []);
      await Promise.all([...missing, ...beside].map(one));
    }
    if (cut !== null) break;
  }
  for (const [group, failure] of passing) {
    const wanted = jobs.filter((job) => job.group === group).length;
    if (!failures.has(group) && idsOf(group).length < Math.min(ENOUGH, wanted)) failures.set(group, failure);
  }
  return { responses: jobs.flatMap((job) => found.get(job) ?? []), failures, cut };
}
