import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CpuGroup, CpuShare } from './cgroup.ts';
import * as endings from './endings.ts';
import { arnOf, type FunctionSpec } from './function.ts';
import { LogTail } from './log.ts';
import { killGroup, peakMemoryMb, startRuntime, type Tools } from './process.ts';
import { reportLine, type Usage } from './report.ts';
import { RuntimeApi } from './runtime-api.ts';

/** Far more than any runtime needs to import its libraries, on a busy host too. */
const INIT_LIMIT_MS = 120_000;
const SAMPLE_MS = 100;

export interface SandboxAnswer {
  readonly payload: Buffer;
  readonly functionError: boolean;
  /** What REPORT says of how it ended. */
  readonly errorType: string | null;
  readonly log: Buffer;
}

/** What sandboxes share. */
export interface SandboxHost {
  readonly tools: Tools;
  readonly cpuShare: CpuShare | null;
  /** Folder for the sandboxes' own temporary folders. */
  readonly scratch: string;
}

type Happening = 'next' | 'exit' | 'timeout' | 'abort';
type Outcome = Omit<SandboxAnswer, 'log'> & Pick<Usage, 'status'>;

/** One execution environment: a runtime's process, cold once and then warm. */
export class Sandbox {
  readonly spec: FunctionSpec;
  /** No further request can be given to it. */
  dead = false;
  readonly #host: SandboxHost;
  readonly #log = new LogTail();
  #api: RuntimeApi | null = null;
  #child: ChildProcess | null = null;
  #group: CpuGroup | null = null;
  #home: string | null = null;
  /** Of an init that no REPORT has told of yet. */
  #initMs: number | null = null;
  #peakMb = 0;
  #nextAt = 0;
  #exited: endings.Exit | null = null;
  #answer: { readonly body: Buffer | null; readonly error: boolean } | null = null;
  #initError: Buffer | null = null;
  #wake: (happening: Happening) => void = () => {};
  #ended: Promise<void> | null = null;

  constructor(spec: FunctionSpec, host: SandboxHost) {
    this.spec = spec;
    this.#host = host;
  }

  get warm(): boolean {
    return this.#child !== null && !this.dead;
  }

  /** Runs one request, after the init where there was none yet. Null: aborted, the process was killed. */
  async invoke(requestId: string, payload: Buffer, signal: AbortSignal): Promise<SandboxAnswer | null> {
    const sampler = setInterval(() => this.#sample(), SAMPLE_MS);
    try {
      this.#log.clear();
      const failed = this.#child === null ? await this.#init(requestId, signal) : null;
      if (failed === 'abort') return null;
      const started = performance.now();
      this.#log.addLine(`START RequestId: ${requestId} Version: $LATEST`);
      const outcome = failed ?? (await this.#run(requestId, payload, signal));
      if (outcome === null) return null;
      const durationMs = failed === null && !this.dead ? this.#nextAt - started : performance.now() - started;
      const maxMemoryMb = Math.max(this.#peakMb, 1);
      const { memoryMb } = this.spec;
      const { status, errorType } = outcome;
      this.#log.addLine(`END RequestId: ${requestId}`);
      const usage = { requestId, durationMs, initMs: this.#initMs, memoryMb, maxMemoryMb, status, errorType };
      this.#log.addLine(reportLine(usage));
      this.#initMs = null;
      return { payload: outcome.payload, functionError: outcome.functionError, errorType, log: this.#log.tail() };
    } finally {
      clearInterval(sampler);
    }
  }

  /** Kills the process, waits until it is gone and removes what it left. */
  end(): Promise<void> {
    this.dead = true;
    this.#ended ??= this.#remove();
    return this.#ended;
  }

  /** Null: initialised. */
  async #init(requestId: string, signal: AbortSignal): Promise<Outcome | 'abort' | null> {
    const { cpuShare, scratch, tools } = this.#host;
    const { cpus } = this.spec;
    this.#home = mkdtempSync(join(scratch, 'sandbox-'));
    if (cpus !== null && cpuShare !== null) this.#group = await cpuShare.create(cpus);
    this.#api = await RuntimeApi.listen({
      onNext: () => {
        this.#nextAt = performance.now();
        this.#wake('next');
      },
      onResponse: (_, body) => this.#answered(body, false),
      onError: (_, body) => this.#answered(body, true),
      onInitError: (body) => {
        this.#initError = body;
      },
    });
    if (signal.aborted) return 'abort';
    const happening = this.#happening(INIT_LIMIT_MS, signal);
    const spawned = performance.now();
    this.#child = startRuntime(this.spec, tools, this.#api.address, this.#home);
    this.#watch(this.#child);
    const what = await happening;
    this.#sample();
    if (what === 'next') {
      this.#initMs = this.#nextAt - spawned;
      // Not before: an init has more CPU than its function, here as on Lambda.
      await this.#group?.attach(this.#child.pid ?? 0);
      return null;
    }
    await this.#kill();
    this.#initMs = performance.now() - spawned;
    if (what === 'abort') return 'abort';
    if (this.#initError !== null) return endings.reported(this.#initError);
    if (what === 'timeout') return endings.timedOut(requestId, INIT_LIMIT_MS);
    return endings.exited(requestId, this.#exited, this.spec.capMb !== null, this.#log.text());
  }

  async #run(requestId: string, payload: Buffer, signal: AbortSignal): Promise<Outcome | null> {
    const { spec } = this;
    this.#answer = null;
    const happening = this.#happening(spec.timeoutMs, signal);
    if (this.#exited === null) {
      const deadline = Date.now() + spec.timeoutMs;
      this.#api?.dispatch({ requestId, payload, deadline, functionArn: arnOf(spec) });
    }
    const what = await happening;
    this.#sample();
    if (what === 'next') await this.#drainLog();
    else await this.#kill();
    if (what === 'abort') return null;
    const { body, error } = this.#readAnswer() ?? { body: undefined, error: true };
    if (body === null) return endings.tooLarge(requestId);
    if (what === 'timeout') {
      const seconds = (spec.timeoutMs / 1000).toFixed(2);
      this.#log.addLine(`${new Date().toISOString()} ${requestId} Task timed out after ${seconds} seconds`);
      return endings.timedOut(requestId, spec.timeoutMs);
    }
    // One that answered and then ended itself has answered.
    if (body === undefined) {
      const ending = endings.exited(requestId, this.#exited, spec.capMb !== null, this.#log.text());
      this.#log.addLine(endings.messageOf(ending.payload));
      return ending;
    }
    if (error) return endings.reported(body);
    return { payload: body, functionError: false, status: null, errorType: null };
  }

  /** A method, because the field changes behind the back of the compiler's flow analysis. */
  #readAnswer(): { readonly body: Buffer | null; readonly error: boolean } | null {
    return this.#answer;
  }

  #answered(body: Buffer | null, error: boolean): void {
    this.#sample();
    this.#answer = { body, error };
  }

  #sample(): void {
    const pid = this.#child?.pid;
    if (pid !== undefined && this.#exited === null) this.#peakMb = Math.max(this.#peakMb, peakMemoryMb(pid));
  }

  #watch(child: ChildProcess): void {
    child.stdout?.on('data', (chunk: Buffer) => this.#log.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#log.add(chunk));
    const exit = async (ending: endings.Exit): Promise<void> => {
      if (this.#exited !== null) return;
      this.#exited = ending;
      this.dead = true;
      if (child.pid !== undefined) killGroup(child.pid);
      // The last lines come after the exit; a descendant that fled the group must not hold the answer.
      if (child.pid !== undefined) await Promise.race([once(child, 'close'), delay(500)]);
      this.#wake('exit');
    };
    child.on('error', (error) => exit({ code: null, signal: null, message: error.message }));
    child.on('exit', (code, signal) => exit({ code, signal, message: null }));
  }

  #happening(limitMs: number, signal: AbortSignal): Promise<Happening> {
    return new Promise((resolve) => {
      const finish = (happening: Happening): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        this.#wake = () => {};
        resolve(happening);
      };
      const abort = (): void => finish('abort');
      const timer = setTimeout(() => finish('timeout'), limitMs);
      signal.addEventListener('abort', abort);
      this.#wake = finish;
      if (signal.aborted) finish('abort');
      else if (this.#exited !== null) finish('exit');
    });
  }

  /** What the handler printed is in the pipes by now; a turn of the event loop that brings nothing has read it all. */
  async #drainLog(): Promise<void> {
    for (let before = -1; before !== this.#log.total; ) {
      before = this.#log.total;
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #kill(): Promise<void> {
    this.dead = true;
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = Promise.race([once(child, 'close'), once(child, 'exit').then(() => delay(500))]);
    killGroup(child.pid);
    await closed;
  }

  async #remove(): Promise<void> {
    await this.#kill();
    this.#api?.close();
    await this.#group?.remove();
    if (this.#home !== null) await rm(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }
}
