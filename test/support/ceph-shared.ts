import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { type CephFacts, startCeph } from './ceph.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly cephLauncher: string;
  }
}

/**
 * vitest's globalSetup: one Ceph a run, started by the first file that calls `sharedCeph`, ended with the run.
 * Runs that need none start none: only an HTTP server waits here for being asked.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let ceph: ReturnType<typeof startCeph> | null = null;
  const server = createServer((_, response) => {
    ceph ??= startCeph();
    ceph.then(
      (facts) => response.writeHead(200).end(JSON.stringify(facts)),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('cephLauncher', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await ceph?.catch(() => null))?.[Symbol.asyncDispose]();
  };
}

/**
 * The Ceph of this run. Others use it too: make buckets, roles and providers of names of your own.
 *
 * @throws Error where it cannot be started.
 */
export async function sharedCeph(): Promise<CephFacts> {
  const answer = await fetch(inject('cephLauncher'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text) as CephFacts;
}
