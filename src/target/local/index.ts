import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { AyciError } from '../../errors.ts';
import type { Invocation, Logger, Target, TargetFacts } from '../../ports.ts';
import type { Hardware } from '../../types/config.ts';
import type { Failure } from '../../types/measurement.ts';
import type { ConvertRequest, RuntimeRequest } from '../../types/protocol.ts';
import { codeOf, plannedRoute, routeOf } from '../../types/runtimes.ts';
import { codeDigest } from '../code-digest.ts';
import { probeCpuShare } from './cgroup.ts';
import { compiledCode } from './code.ts';
import { type EnvironmentPlace, makeEnvironment, requirementsOf } from './environment.ts';
import { findFunction, nameOf, type Prepared } from './functions.ts';
import { hostCpu, hostMemory, hostVcpus } from './host.ts';
import { Pool } from './pool.ts';
import { findTools } from './process.ts';
import { localRuntimes } from './runtimes.ts';
import { makeScratch } from './scratch.ts';
import { InvokeServer } from './server.ts';

/** AWS's client, handed in by the entry: this room serves what that one speaks. */
export interface Invoker {
  invoke(
    functionName: string,
    make: () => Promise<RuntimeRequest>,
    options: { readonly signal: AbortSignal },
  ): Promise<Invocation>;
  submit(
    functionName: string,
    make: () => Promise<ConvertRequest>,
    options: { readonly signal: AbortSignal },
  ): Promise<Failure | null>;
  close(): void;
}

export interface LocalTargetOptions extends EnvironmentPlace {
  readonly region: string;
  /** Version of the host's image, where it has one. */
  readonly image: string | null;
  readonly logger: Logger;
  readonly concurrency?: number;
  readonly timeoutSeconds?: number;
  readonly invokerFactory: (options: {
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  }) => Promise<Invoker>;
}

/** The host's architecture by Lambda's name. */
export function hostHardware(platform: string = process.platform, architecture: string = process.arch): Hardware {
  const hardware = architecture === 'x64' ? 'x86_64' : architecture === 'arm64' ? 'arm64' : null;
  if (platform === 'linux' && hardware !== null) return hardware;
  throw new AyciError(
    'bad-input',
    `this machine: AYCI cannot run models here, got ${platform} ${architecture}; expected linux x64 or arm64`,
    {
      hint: 'Use a container: docker run --rm -it -v "$PWD:/work" -w /work node:24-bookworm bash.',
    },
  );
}

/** The embedded Lambda as a target: AWS's client in front of a small Lambda on 127.0.0.1. */
export async function createLocalTarget(options: LocalTargetOptions): Promise<Target> {
  const hardware = hostHardware();
  const share = await probeCpuShare({ path: options.path });
  const tools = findTools(`${options.path}:/usr/bin:/bin`);
  const memory = hostMemory();
  const runtimes = await localRuntimes(options, hardware);
  const capped = tools.prlimit !== null ? 'rlimit' : 'memory not limited (no prlimit here)';
  const facts: TargetFacts = {
    kind: 'local',
    hardware: [hardware],
    maxVcpus: hostVcpus(),
    maxMemoryMb: memory.total,
    fractionalCpu: share.ok,
    fractionalCpuRemedy: share.ok ? null : share.remedy,
    limits: `${share.ok ? share.share.name : 'no CPU share'} + ${capped}`,
    cpu: hostCpu(),
    image: options.image,
    region: null,
    reads: 'files',
    concurrency: 1,
    notes: [],
    // What this machine cannot run the plan knows from the facts above.
    unavailable(framework, { optimizer }) {
      const route = routeOf(framework, optimizer);
      return typeof route === 'string' ? route : null;
    },
    runtimeDigest: (framework, config) =>
      codeDigest(codeOf(framework, config, (runtime) => runtimes.digestOf(runtime, runtime), runtimes.converterDigest)),
    converterDigest: runtimes.converterDigest,
    converterHardware: () => hardware,
    runtimeName: (framework, { optimizer }) => runtimes.versionOf(plannedRoute(framework, optimizer).serves),
  };

  interface Running {
    readonly pool: Pool;
    readonly server: InvokeServer;
    readonly invoker: Invoker;
    readonly scratch: string;
  }
  /** By environment. */
  const ready = new Map<string, Prepared>();
  const { region, timeoutSeconds } = options;
  const functions = { runtimes, hardware, hostMb: memory.total, region, timeoutSeconds };
  let starting: Promise<Running> | null = null;

  async function start(): Promise<Running> {
    const scratch = await makeScratch();
    const pool = new Pool({ tools, cpuShare: share.ok ? share.share : null, scratch }, options.concurrency ?? 10);
    const server = await InvokeServer.listen(pool, (name) => findFunction(name, functions, ready));
    const invoker = await options.invokerFactory({
      region: options.region,
      endpoint: server.endpoint,
      credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
    });
    return { pool, server, invoker, scratch };
  }

  function running(): Promise<Running> {
    starting ??= start();
    return starting;
  }

  return {
    facts,
    async prepare(work, signal) {
      for (const [name, { framework }] of new Map(work.map((one) => [runtimes.environmentOf(one), one]))) {
        if (!existsSync(requirementsOf(options.runtimesDir, name)))
          throw new AyciError('environment', `runtime ${name}: its folder is missing`);
        const { python } = await makeEnvironment(options, name, options.logger, signal);
        const digest = runtimes.digestOf(framework, name);
        const folder = await compiledCode(options, framework, digest, python, signal);
        ready.set(name, { python, folder });
      }
      await running();
    },
    async invoke(where, make, signal) {
      const { invoker } = await running();
      // Which function serves a request depends on what it asks for, so the first is made here.
      const first = await make();
      let again = false;
      const next = async (): Promise<RuntimeRequest> => {
        if (again) return make();
        again = true;
        return first;
      };
      return invoker.invoke(nameOf(where, first.op === 'convert' || first.op === 'infer'), next, { signal });
    },
    async submit(where, make, signal) {
      const { invoker } = await running();
      return invoker.submit(nameOf(where, true), make, { signal });
    },
    async close() {
      if (starting === null) return;
      const { pool, server, invoker, scratch } = await starting;
      await pool.close();
      invoker.close();
      server.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
