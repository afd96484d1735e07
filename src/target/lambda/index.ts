import { randomUUID } from 'node:crypto';
import type { Invocation, Logger, Target, Where, Work } from '../../ports.ts';
import type { DescribeRequest } from '../../types/protocol.ts';
import { createControl } from './control.ts';
import { isReady } from './deployed.ts';
import { discover } from './discovery.ts';
import { factsOf } from './facts.ts';
import { createInvoker } from './invoke.ts';
import { Limiter } from './limiter.ts';
import { converterName, functionName } from './names.ts';
import { makeReady } from './ready.ts';
import type { Credentials } from './sdk.ts';

export interface LambdaTargetOptions {
  readonly region: string;
  /** Tag of the stack whose functions are used. */
  readonly stack: string;
  /** Else the SDK's own chain over the environment. */
  readonly credentials?: Credentials;
  readonly endpoint?: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs?: number;
  /** Between two looks at a function that is not ready, ms. */
  readonly lookMs?: number;
  /** 0 to 1, for the jitter of resends. */
  readonly random?: () => number;
}

/**
 * Functions end by their own limit of 90 s, and say so; what has not answered some seconds later will not. It is well
 * before an idle connection dies in NAT.
 */
const ANSWER_MS = 100_000;

/** A request that only has to reach a function. */
function knocking(framework: Where['framework']): DescribeRequest {
  return { protocol: 1, op: 'describe', nonce: randomUUID(), framework, optimizer: 'vanilla' };
}

/**
 * The runtimes that are deployed on AWS Lambda. What is deployed is read here; nothing is run.
 * @throws AyciError `target` where no runtime of the stack is deployed, or the role in use may not read them
 */
export async function createLambdaTarget(options: LambdaTargetOptions): Promise<Target> {
  const { region, stack, logger, signal } = options;
  const client = {
    region,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  };
  const control = await createControl(client);
  try {
    logger.progress(`Looking for the runtimes of stack ${stack} in ${region}`);
    const deployed = await discover(control, { region, stack }, signal);
    const facts = factsOf(deployed, await control.concurrency(signal));
    const limiter = new Limiter({ max: facts.concurrency, now: () => performance.now() });
    const invoker = await createInvoker({
      ...client,
      limiter,
      timeoutMs: options.timeoutMs ?? ANSWER_MS,
      ...(options.random === undefined ? {} : { random: options.random }),
    });
    const looked = new Map<string, Promise<void>>();
    /** What turned out not to come to run, with why. */
    const broken = new Map<string, string>();

    const nameOf = ({ framework, hardware, memoryMb }: Where, converts: boolean): string => {
      return converts ? converterName(framework, hardware) : functionName(framework, hardware, memoryMb);
    };

    async function ready(work: Work, abort: AbortSignal): Promise<void> {
      const name = nameOf(work, work.op === 'convert');
      const known = deployed.functions.get(name);
      if (known === undefined || isReady(known)) return;
      const knock = (one: string, knockSignal: AbortSignal) =>
        invoker.invoke(one, async () => knocking(work.framework), { signal: knockSignal });
      const waking = { control, knock, logger, ...(options.lookMs === undefined ? {} : { lookMs: options.lookMs }) };
      const now = await makeReady(name, waking, abort);
      if (typeof now === 'string') broken.set(name, `${name} ${now}`);
      // What is kept in the archive is kept under the image that was found at first.
      else if (now.digest !== known.digest) broken.set(name, `${name} got another image in the meantime; run again`);
    }

    return {
      facts,
      async prepare(work, abort) {
        await Promise.all(
          work.map((one) => {
            const name = nameOf(one, one.op === 'convert');
            const looking = looked.get(name) ?? ready(one, abort);
            looked.set(name, looking);
            return looking;
          }),
        );
      },
      async invoke(where, make, abort): Promise<Invocation> {
        // Measuring and describing go to the same function; conversions are sent as events.
        const name = nameOf(where, false);
        const message = broken.get(name);
        if (message !== undefined) return { ok: false, failure: { code: 'connection-lost', message }, report: null };
        return invoker.invoke(name, make, { signal: abort });
      },
      async submit(where, make, abort) {
        const name = nameOf(where, true);
        const message = broken.get(name);
        if (message !== undefined) return { code: 'connection-lost', message };
        return invoker.submit(name, make, { signal: abort });
      },
      async close() {
        control.close();
        invoker.close();
      },
    };
  } catch (error) {
    control.close();
    throw error;
  }
}
