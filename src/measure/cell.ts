import type { Where } from '../ports.ts';
import type { Configuration, RuntimeName } from '../types/config.ts';
import type { Failure } from '../types/measurement.ts';
import type { MeasureRequest, MeasureResponse, Subject, Timing } from '../types/protocol.ts';
import { type Caller, callMeasure, functionOf } from './call.ts';
import { type Ask, type Gathered, type Job, oneByOne, overlapping } from './gather.ts';
import { DEADLINE_MS, FIRST_REQUEST, SANDBOXES, TIMING } from './protocol.ts';

/** A cell that is to be measured: its subjects are converted and have their inputs. */
export interface CellTask {
  readonly config: Configuration;
  /** The runtime that serves it. */
  readonly framework: RuntimeName;
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

/** One sandbox's work: its subjects in the order in which they load. */
interface SandboxJob extends Job {
  readonly subjects: readonly Subject[];
  readonly timing: Timing;
  /** Only a sandbox that has served nothing before will do. */
  readonly fresh: boolean;
}

const INDICES = Array.from({ length: SANDBOXES }, (_, index) => index);

function askFor(caller: Caller, task: CellTask, where: Where): Ask<SandboxJob> {
  const { config, framework, threads, seed } = task;
  const retire = caller.target.facts.concurrency === 1;
  return (job, exclusion) =>
    callMeasure(caller, where, (): Omit<MeasureRequest, 'nonce'> => {
      const { notIn, holdMs } = exclusion();
      return {
        protocol: 1,
        op: 'measure',
        framework,
        optimizer: config.optimizer,
        batch: config.batch,
        threads,
        // Other inputs and another order of blocks in each sandbox; both subjects of one see the same.
        seed: seed + job.index,
        subjects: job.subjects,
        timing: job.timing,
        deadlineMs: DEADLINE_MS,
        retire,
        ...(retire ? {} : { notIn, fresh: job.fresh, holdMs }),
      };
    });
}

type Skip = (job: SandboxJob, failures: ReadonlyMap<string, Failure>) => boolean;

/** Asks all sandboxes of some jobs, as the target allows: one after the other, or at once. */
function gather(
  caller: Caller,
  task: CellTask,
  waves: readonly (readonly SandboxJob[])[],
  skip: Skip,
  onSandbox: OnSandbox,
): Promise<Gathered> {
  const where = { hardware: task.config.hardware, memoryMb: task.config.memoryMb, framework: task.framework };
  const fresh = waves.some((wave) => wave.some((job) => job.fresh));
  const gathering = {
    waves,
    ask: askFor(caller, task, where),
    skip,
    stop: () => caller.budget.exhausted(),
    onSandbox,
    known: fresh ? (caller.seen.get(functionOf(where))?.size ?? 0) : 0,
  };
  return caller.target.facts.concurrency === 1 ? oneByOne(gathering) : overlapping(gathering);
}

/** Only a cell's first sandbox compares with the unconverted model: once is enough, and it takes a second load. */
function withoutReference({ reference: _, expected: __, ...subject }: Subject): Subject {
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
  const jobs = INDICES.map((index): SandboxJob => {
    const pair = [inSandbox(index, task.candidate), withoutReference(baseline)];
    return {
      index,
      group: 'pair',
      subjects: index % 2 === 0 ? pair : pair.reverse(),
      timing: TIMING,
      fresh: false,
    };
  });
  const { responses, failures, cut } = await gather(caller, task, [jobs], (_, failed) => failed.size > 0, onSandbox);
  if (failures.size > 0) return null;
  return { mode: 'paired', responses, candidateFailure: null, baselineFailure: null, cut };
}

/** One subject a sandbox; a subject that fails once is not asked again, the other one goes on. */
async function alone(
  caller: Caller,
  task: CellTask,
  subjects: readonly Subject[],
  onSandbox: OnSandbox,
): Promise<CellRun> {
  const jobOf = (index: number, subject: Subject): SandboxJob => ({
    index,
    group: subject.role,
    subjects: [inSandbox(index, subject)],
    timing: TIMING,
    fresh: false,
  });
  const jobs = INDICES.map((index) => subjects.map((subject) => jobOf(index, subject)));
  // After a pair that failed a first sandbox of each tells whose failure it was, before the others are asked.
  const waves = subjects.length > 1 ? [jobs.slice(0, 1).flat(), jobs.slice(1).flat()] : [jobs.flat()];
  const skip: Skip = ({ group, index }, failures) =>
    failures.has(group) ||
    // What only shows that the baseline still runs need not be measured to the end.
    (group === 'baseline' && index > 0 && failures.has('candidate'));
  const { responses, failures, cut } = await gather(caller, task, waves, skip, onSandbox);
  return {
    mode: subjects.length > 1 ? 'alternating' : 'solo',
    responses,
    candidateFailure: failures.get('candidate') ?? null,
    baselineFailure: failures.get('baseline') ?? null,
    cut,
  };
}

/** First requests of sandboxes with one subject each, alternating; what fails here has failed in the timing as well. */
async function firstRequests(
  caller: Caller,
  task: CellTask,
  subjects: readonly Subject[],
): Promise<readonly MeasureResponse[]> {
  const jobs = INDICES.flatMap((index) =>
    subjects.map(
      (subject): SandboxJob => ({
        index,
        group: subject.role,
        subjects: [withoutReference(subject)],
        timing: FIRST_REQUEST,
        fresh: true,
      }),
    ),
  );
  const never: Skip = () => false;
  return (await gather(caller, task, [jobs], never, () => undefined)).responses;
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
