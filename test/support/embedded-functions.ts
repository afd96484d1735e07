import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nullLogger } from '../../src/log.ts';
import { parseName } from '../../src/target/lambda/names.ts';
import { probeCpuShare } from '../../src/target/local/cgroup.ts';
import { converterEnvironment, makeEnvironment } from '../../src/target/local/environment.ts';
import type { FunctionSpec } from '../../src/target/local/function.ts';
import { Pool } from '../../src/target/local/pool.ts';
import { findTools } from '../../src/target/local/process.ts';
import { makeScratch } from '../../src/target/local/scratch.ts';
import { InvokeServer } from '../../src/target/local/server.ts';
import { MB_PER_VCPU } from '../../src/types/config.ts';
import { cacheFolder } from '../../src/wiring/index.ts';
import { ROOT } from './program.ts';

export interface EmbeddedFunctions extends AsyncDisposable {
  /** Of the Invoke API. */
  readonly endpoint: string;
}

/** The real ONNX runtime behind the embedded Lambda's Invoke API, under the names of deployed functions. */
export async function embeddedFunctions(): Promise<EmbeddedFunctions> {
  const runtimesDir = join(ROOT, 'runtimes');
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
  const place = { cacheDir: cacheFolder(process.env), runtimesDir, python: null, own: null, path: env.PATH ?? '', env };
  const converters = converterEnvironment(runtimesDir, 'onnx');
  const pythons = new Map<string, string>();
  for (const name of new Set(['onnx', converters]))
    pythons.set(name, (await makeEnvironment(place, name, nullLogger, new AbortController().signal)).python);
  const probe = await probeCpuShare();
  const scratch = await makeScratch();
  const host = { tools: findTools(`${env.PATH}:/usr/bin:/bin`), cpuShare: probe.ok ? probe.share : null, scratch };
  const pool = new Pool(host, 30);
  const find = (name: string): FunctionSpec | null => {
    const named = parseName(name);
    if (named === null) return null;
    const memoryMb = named.memoryMb ?? 2048;
    const environment = named.role === 'convert' ? converters : 'onnx';
    const python = pythons.get(environment);
    if (python === undefined) return null;
    return {
      name,
      memoryMb,
      timeoutMs: 90_000,
      cpus: named.memoryMb === null || !probe.ok ? null : memoryMb / MB_PER_VCPU,
      capMb: named.memoryMb,
      python,
      folder: join(runtimesDir, 'onnx'),
      handler: environment === 'onnx' ? 'app.handler' : 'convert_app.handler',
      pythonPath: join(runtimesDir, 'common'),
      region: 'eu-west-1',
    };
  };
  const server = await InvokeServer.listen(pool, find);
  return {
    endpoint: server.endpoint,
    async [Symbol.asyncDispose]() {
      await pool.close();
      server.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
