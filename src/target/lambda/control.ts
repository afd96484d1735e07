import type { FunctionConfiguration, GetFunctionCommandOutput } from '@aws-sdk/client-lambda';
import { targetError } from './errors.ts';
import { type ClientOptions, loadSdk, makeClient } from './sdk.ts';
import { interrupted, sleep } from './wait.ts';

/** AWS's limits of a region, requests a second: GetFunction has its own, the rest of the control plane one together. */
const GET_PER_SECOND = 100;
const OTHERS_PER_SECOND = 15;

/** The SDK's own, with its backoff: reading twice harms nothing. */
const MAX_ATTEMPTS = 6;
const SOCKETS = 25;
/** ListFunctions gives no more a page. */
const PAGE = 50;

/** What an account may run at once. */
export interface Concurrency {
  /** Of functions without a reserved share; null where the service does not say. */
  readonly unreserved: number | null;
}

/** Reads what is deployed. */
export interface Control {
  /** All functions of the region, whosever. */
  list(signal: AbortSignal): Promise<readonly FunctionConfiguration[]>;
  /** Null where there is no such function. */
  get(name: string, signal: AbortSignal): Promise<GetFunctionCommandOutput | null>;
  concurrency(signal: AbortSignal): Promise<Concurrency>;
  close(): void;
}

/** Starts of requests, evenly spaced. */
export class Pace {
  readonly #gapMs: number;
  #next = 0;

  constructor(perSecond: number) {
    this.#gapMs = 1000 / perSecond;
  }

  /** How long the next request has to wait, ms. @param now monotonic, ms */
  waitMs(now: number): number {
    const at = Math.max(now, this.#next);
    this.#next = at + this.#gapMs;
    return at - now;
  }
}

/** @throws AyciError `target` from each call, naming the IAM action that it takes; `interrupted` where it is aborted */
export async function createControl(options: ClientOptions): Promise<Control> {
  const sdk = await loadSdk();
  const client = makeClient(sdk, options, MAX_ATTEMPTS, SOCKETS);
  const gets = new Pace(GET_PER_SECOND);
  const others = new Pace(OTHERS_PER_SECOND);

  async function ask<T>(operation: string, signal: AbortSignal, pace: Pace, send: () => Promise<T>): Promise<T> {
    try {
      const wait = pace.waitMs(performance.now());
      if (wait > 0) await sleep(wait, signal);
      return await send();
    } catch (error) {
      if (signal.aborted) throw interrupted(error);
      throw targetError(`${operation} in ${options.region}`, `lambda:${operation}`, error);
    }
  }

  return {
    async list(signal) {
      const all: FunctionConfiguration[] = [];
      let Marker: string | undefined;
      do {
        const command = new sdk.ListFunctionsCommand({ MaxItems: PAGE, ...(Marker === undefined ? {} : { Marker }) });
        const page = await ask('ListFunctions', signal, others, () => client.send(command, { abortSignal: signal }));
        all.push(...(page.Functions ?? []));
        Marker = page.NextMarker === '' ? undefined : page.NextMarker;
      } while (Marker !== undefined);
      return all;
    },
    get(name, signal) {
      const command = new sdk.GetFunctionCommand({ FunctionName: name });
      return ask('GetFunction', signal, gets, async () => {
        try {
          return await client.send(command, { abortSignal: signal });
        } catch (error) {
          if (error instanceof sdk.ResourceNotFoundException) return null;
          throw error;
        }
      });
    },
    async concurrency(signal) {
      const command = new sdk.GetAccountSettingsCommand({});
      const { AccountLimit } = await ask('GetAccountSettings', signal, others, () =>
        client.send(command, { abortSignal: signal }),
      );
      return { unreserved: AccountLimit?.UnreservedConcurrentExecutions ?? null };
    },
    close: () => client.destroy(),
  };
}
