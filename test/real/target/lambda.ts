import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { Logger } from '../../../src/ports.ts';
import { createInvoker, type Invoker } from '../../../src/target/lambda/invoke.ts';
import { type CpuShare, probeCpuShare } from '../../../src/target/local/cgroup.ts';
import { type EnvironmentPlace, makeEnvironment } from '../../../src/target/local/environment.ts';
import type { FunctionSpec } from '../../../src/target/local/function.ts';
import { Pool } from '../../../src/target/local/pool.ts';
import { findTools } from '../../../src/target/local/process.ts';
import { makeScratch } from '../../../src/target/local/scratch.ts';
import { InvokeServer } from '../../../src/target/local/server.ts';

const here = dirname(fileURLToPath(import.meta.url));
export const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'embedded', secretAccessKey: 'embedded' };

export function recordingLogger(lines: string[]): Logger {
  const keep = (line: string): void => {
    lines.push(line);
  };
  return { info: keep, warn: keep, debug: keep, progress: keep };
}

/** Where the tiny runtime's environment (awslambdaric alone) is made. */
export function tinyPlace(cacheDir: string, more: Partial<EnvironmentPlace> = {}): EnvironmentPlace {
  return {
    cacheDir,
    runtimesDir: join(here, 'runtimes'),
    python: null,
    own: null,
    path: process.env.PATH ?? '',
    env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
    ...more,
  };
}

/** A Python with awslambdaric, made once for all test files. */
export async function tinyPython(): Promise<string> {
  const place = tinyPlace(join(here, '../../../node_modules/.cache/ayci-target-tests'));
  return (await makeEnvironment(place, 'tiny', recordingLogger([]), new AbortController().signal)).python;
}

export interface TestLambda {
  readonly endpoint: string;
  readonly scratch: string;
  readonly client: LambdaClient;
  readonly invoker: Invoker;
  readonly cpuShare: CpuShare | null;
  close(): Promise<void>;
}

export interface TestFunction extends Partial<FunctionSpec> {
  readonly name: string;
  readonly handler: string;
}

/** The embedded Lambda with the given functions, and the real SDK in front. */
export async function startLambda(functions: readonly TestFunction[], concurrency = 10): Promise<TestLambda> {
  const python = await tinyPython();
  const specs = functions.map(
    (given): FunctionSpec => ({
      memoryMb: 512,
      timeoutMs: 30_000,
      cpus: null,
      capMb: given.memoryMb ?? 512,
      python,
      folder: join(here, 'handlers'),
      pythonPath: join(here, 'handlers'),
      region: REGION,
      ...given,
    }),
  );
  const probe = await probeCpuShare();
  const cpuShare = probe.ok ? probe.share : null;
  const scratch = await makeScratch();
  const pool = new Pool({ tools: findTools('/usr/bin:/bin'), cpuShare, scratch }, concurrency);
  const server = await InvokeServer.listen(pool, (name) => specs.find((spec) => spec.name === name) ?? null);
  const { endpoint } = server;
  const client = new LambdaClient({ region: REGION, endpoint, credentials: CREDENTIALS, maxAttempts: 1 });
  const invoker = await createInvoker({ region: REGION, endpoint, credentials: CREDENTIALS });
  return {
    endpoint,
    scratch,
    client,
    invoker,
    cpuShare,
    async close() {
      await pool.close();
      client.destroy();
      invoker.close();
      server.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** Control groups that this process made and that are still there. */
export function ownGroups(): string[] {
  return ['/sys/fs/cgroup', '/sys/fs/cgroup/cpu']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((name) => name.startsWith(`ayci-${process.pid}-`)));
}

/** Polls until it is true; the test's own time limit is the only one. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 20));
}
