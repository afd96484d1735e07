import type { Configuration, Framework, Role } from '../types/config.ts';
import type { Failure } from '../types/measurement.ts';
import type { MeasureRequest, MeasureResponse, Subject, Timing } from '../types/protocol.ts';
import { type Answer, type Caller, callMeasure } from './call.ts';
import { DEADLINE_MS, FIRST_REQUEST, SANDBOXES, TIMING } from './protocol.ts';

/** A cell that is to be measured: its subjects are converted and have their inputs. */
export interface CellTask {
  readonly config: Configuration;
  readonly framework: Framework;
  readonly threads: number;
  readonly seed: number;
  readonly candidate: Subject;
  readonly baseline: Subject | null;
  /** Whether memory or cold start is gated, which takes sandboxes of one subject that time nothing but the first request. */
  readonly firstRequests: boolean;
}

/** All that a cell's sandboxes answered, raw. */
export interface CellRun {
  readonly mode: 'paired' | 'alternating' | 'solo';
  readonly responses: readonly MeasureResponse[];
  readonly candidateFailure: Failure | null;
  readonly baselineFailure: Failure | null;
  /** Why a budget cut it short before anything could be said, or null. */
  readonly cut: string | null;
}

/** Told after each sandbox, for the progress line. */
export type OnSandbox = (done: number, of: number) => void;

function ask(
  caller: Caller,
  task: CellTask,
  subjects: readonly Subject[],
  index: number,
  timing: Timing = TIMING,
): Promise<Answer<MeasureResponse>> {
  const { config, framework, threads, seed } = task;
  const request: Omit<MeasureRequest, 'nonce'> = {
    protocol: 1,
    op: 'measure',
    framework,
    optimizer: config.optimizer,
    batch: config.batch,
    threads,
    // Other inputs and another order of blocks in each sandbox; both subjects of one see the same.
    seed: seed + index,
    subjects,
    timing,
    deadlineMs: DEADLINE_MS,
    retire: true,
  };
  return callMeasure(caller, { hardware: config.hardware, memoryMb: config.memoryMb, framework }, request);
}

/** Only a cell's first sandbox compares with the unconverted model: once is enough, and it takes a second load. */
function withoutReference({ reference: _, ...subject }: Subject): Subject {
  return subject;
}

function inSandbox(index: number, subject: Subject): Subject {
  return index === 0 ? subject : withoutReference(subject);
}

async function paired(
  caller: Caller,
  task: CellTask,
  baseline: Subject,
  onSandbox: OnSandbox,
): Promise<CellRun | null> {
  const responses: MeasureResponse[] = [];
  for (let index = 0; index < SANDBOXES; index += 1) {
    const cut = caller.budget.exhausted();
    if (cut !== null) return { mode: 'paired', responses, candidateFailure: null, baselineFailure: null, cut };
    const pair = [inSandbox(index, task.candidate), withoutReference(baseline)];
    const answer = await ask(caller, task, index % 2 === 0 ? pair : pair.reverse(), index);
    if (!answer.ok) return null;
    responses.push(answer.response);
    onSandbox(index + 1, SANDBOXES);
  }
  return { mode: 'paired', responses, candidateFailure: null, baselineFailure: null, cut: null };
}

/** One subject a sandbox; a subject that fails once is not asked again, the other one goes on. */
async function alone(
  caller: Caller,
  task: CellTask,
  subjects: readonly Subject[],
  onSandbox: OnSandbox,
): Promise<CellRun> {
  const mode = subjects.length > 1 ? 'alternating' : 'solo';
  const responses: MeasureResponse[] = [];
  const failures = new Map<Role, Failure>();
  for (let index = 0; index < SANDBOXES; index += 1) {
    for (const subject of subjects) {
      if (failures.has(subject.role)) continue;
      // What only shows that the baseline still runs need not be measured to the end.
      if (subject.role === 'baseline' && failures.has('candidate') && index > 0) continue;
      const cut = caller.budget.exhausted();
      if (cut !== null) return { mode, responses, candidateFailure: null, baselineFailure: null, cut };
      const answer = await ask(caller, task, [inSandbox(index, subject)], index);
      if (answer.ok) responses.push(answer.response);
      else failures.set(subject.role, answer.failure);
    }
    onSandbox(index + 1, SANDBOXES);
  }
  return {
    mode,
    responses,
    candidateFailure: failures.get('candidate') ?? null,
    baselineFailure: failures.get('baseline') ?? null,
    cut: null,
  };
}

/** First requests of sandboxes with one subject each, alternating; what fails here has failed in the timing as well. */
async function firstRequests(
  caller: Caller,
  task: CellTask,
  subjects: readonly Subject[],
): Promise<readonly MeasureResponse[]> {
  const responses: MeasureResponse[] = [];
  for (let index = 0; index < SANDBOXES; index += 1) {
    for (const subject of subjects) {
      if (caller.budget.exhausted() !== null) return responses;
      const answer = await ask(caller, task, [withoutReference(subject)], index, FIRST_REQUEST);
      if (answer.ok) responses.push(answer.response);
    }
  }
  return responses;
}

/**
 * Measures a cell: candidate and baseline together in each of its sandboxes; where that fails (both do not fit into the
 * memory, one crashes), each by itself in turn, which tells whose failure it is.
 * @throws AyciError `interrupted` where the signal is aborted
 */
export async function measureCell(caller: Caller, task: CellTask, onSandbox: OnSandbox): Promise<CellRun> {
  const { candidate, baseline } = task;
  if (baseline === null) return alone(caller, task, [candidate], onSandbox);
  const together = await paired(caller, task, baseline, onSandbox);
  if (together === null) return alone(caller, task, [candidate, withoutReference(baseline)], onSandbox);
  if (!task.firstRequests || together.cut !== null) return together;
  const more = await firstRequests(caller, task, [candidate, baseline]);
  return { ...together, responses: [...together.responses, ...more] };
}
