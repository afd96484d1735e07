import { randomUUID } from 'node:crypto';
import { asOutOfMemory, isUnexplained } from './endings.ts';
import type { FunctionSpec } from './function.ts';
import { hostMemory } from './host.ts';
import { Sandbox, type SandboxAnswer, type SandboxHost } from './sandbox.ts';
import { Turn } from './turn.ts';

export type PoolAnswer =
  | ({ readonly kind: 'done'; readonly requestId: string } & SandboxAnswer)
  | { readonly kind: 'throttled' }
  | { readonly kind: 'aborted' };

/** Whether the response says that its sandbox takes no further request. */
function saysRetired(payload: Buffer): boolean {
  if (!payload.includes('"retired"')) return false;
  try {
    const response = JSON.parse(payload.toString()) as { sandbox?: { retired?: unknown } } | null;
    return response?.sandbox?.retired === true;
  } catch {
    return false;
  }
}

/** The sandboxes of all functions. Several live, one works: two at once would take each other's time. */
export class Pool {
  readonly #host: SandboxHost;
  readonly #concurrency: number;
  readonly #turn = new Turn();
  readonly #all = new Set<Sandbox>();
  /** Oldest first. */
  readonly #idle: Sandbox[] = [];
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(host: SandboxHost, concurrency: number) {
    this.#host = host;
    this.#concurrency = concurrency;
  }

  /** Runs a request in a warm sandbox of its function, else in a new one; a sandbox has one request at a time. */
  async invoke(spec: FunctionSpec, payload: Buffer, signal: AbortSignal): Promise<PoolAnswer> {
    if (this.#closing.signal.aborted) return { kind: 'aborted' };
    if (this.#running.size >= this.#concurrency) return { kind: 'throttled' };
    return this.#kept(this.#run(spec, payload, AbortSignal.any([signal, this.#closing.signal]), randomUUID()));
  }

  /** Runs a request that nobody waits for. Lambda queues events, so none is throttled. Gives the request's id. */
  submit(spec: FunctionSpec, payload: Buffer): string {
    const requestId = randomUUID();
    if (this.#closing.signal.aborted) return requestId;
    // A sandbox that cannot be made is nobody's to hear of: an event's failures are known by what it did not write.
    this.#kept(this.#run(spec, payload, this.#closing.signal, requestId)).catch(() => undefined);
    return requestId;
  }

  async #kept(answer: Promise<PoolAnswer>): Promise<PoolAnswer> {
    this.#running.add(answer);
    try {
      return await answer;
    } finally {
      this.#running.delete(answer);
    }
  }

  async #run(spec: FunctionSpec, payload: Buffer, signal: AbortSignal, requestId: string): Promise<PoolAnswer> {
    const sandbox = await this.#sandboxFor(spec);
    const release = await this.#turn.take();
    // Given up while it waited: nothing of it has started, and a warm sandbox stays warm.
    if (signal.aborted) {
      if (sandbox.warm) this.#idle.push(sandbox);
      else this.#all.delete(sandbox);
      release();
      return { kind: 'aborted' };
    }
    let answer: SandboxAnswer | null = null;
    try {
      answer = await sandbox.invoke(requestId, payload, signal);
      if (answer !== null && isUnexplained(answer, spec) && (await this.#runsWithMore(spec, payload, signal))) {
        answer = asOutOfMemory(answer);
      }
    } finally {
      // The next one's turn begins when this one has gone: its end takes time of the CPU too.
      if (answer === null || sandbox.dead || saysRetired(answer.payload)) void this.#end(sandbox).finally(release);
      else {
        this.#idle.push(sandbox);
        release();
      }
    }
    return answer === null ? { kind: 'aborted' } : { kind: 'done', requestId, ...answer };
  }

  /** Whether a request that ended its process would not have where memory is only what the host has. */
  async #runsWithMore(spec: FunctionSpec, payload: Buffer, signal: AbortSignal): Promise<boolean> {
    const capMb = hostMemory().free;
    if (spec.capMb === null || capMb <= spec.capMb) return false;
    const sandbox = new Sandbox({ ...spec, capMb }, this.#host);
    this.#all.add(sandbox);
    try {
      const answer = await sandbox.invoke(randomUUID(), payload, signal);
      return answer !== null && !answer.functionError;
    } finally {
      await this.#end(sandbox);
    }
  }

  /** Kills all, and waits until nothing of them is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    // A sandbox that is still being started would go on making what its end has looked for in vain.
    await Promise.allSettled([...this.#running]);
    await Promise.all([...this.#all].map((sandbox) => this.#end(sandbox)));
  }

  async #sandboxFor(spec: FunctionSpec): Promise<Sandbox> {
    const warm = this.#idle.findLastIndex((sandbox) => sandbox.spec.name === spec.name);
    const [found] = warm < 0 ? [] : this.#idle.splice(warm, 1);
    if (found !== undefined && !found.dead) return found;
    if (found !== undefined) await this.#end(found);
    const sandbox = new Sandbox(spec, this.#host);
    this.#all.add(sandbox);
    // Idle ones of other functions hold memory.
    while (this.#all.size > this.#concurrency) {
      const oldest = this.#idle.shift();
      if (oldest === undefined) break;
      await this.#end(oldest);
    }
    return sandbox;
  }

  async #end(sandbox: Sandbox): Promise<void> {
    await sandbox.end();
    this.#all.delete(sandbox);
  }
}
