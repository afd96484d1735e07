import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { AyciError } from '../../errors.ts';
import type { Invocation, Logger, Target, TargetFacts, Where, Work } from '../../ports.ts';
import { type Hardware, MB_PER_VCPU, RUNTIME_NAMES, type RuntimeName } from '../../types/config.ts';
import type { Failure } from '../../types/measurement.ts';
import type { ConvertRequest, RuntimeRequest } from '../../types/protocol.ts';
import { codeOf, LIBRARIES, type Place, plannedRoute, routeOf } from '../../types/runtimes.ts';
import { codeDigest } from '../code-digest.ts';
import { probeCpuShare } from './cgroup.ts';
import { compiledCode } from './code.ts';
import { runtimeDigest } from './digest.ts';
import {
  converterEnvironment,
  type EnvironmentPlace,
  madeEnvironment,
  makeEnvironment,
  requirementsOf,
  requirementTexts,
} from './environment.ts';
import type { FunctionSpec } from './function.ts';
import { hostCpu, hostMemory, hostVcpus } from './host.ts';
import { Pool } from './pool.ts';
import { findTools } from './process.ts';
import { findPython, tagOf } from './python.ts';
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

/** A measure request ends by its own deadline well before. */
const MEASURE_SECONDS = 90;
const CONVERT_SECONDS = 900;

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

/** `onnxruntime 1.32.0`, as the last of its requirements has it. */
function lockedVersion(requirements: readonly (Buffer | string)[], library: string): string {
  const pinned = new RegExp(`^${library}(?:-cpu)?\\s*==\\s*([^\\s;\\\\]+)(.*)$`, 'gm');
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const versions = requirements.flatMap((text) =>
    [...text.toString().matchAll(pinned)]
      // A lock may have one version for each architecture.
      .filter(([, , marker = '']) => !marker.includes('platform_machine') || marker.includes(`== '${machine}'`))
      .map(([, version]) => version ?? ''),
  );
  return [library, ...versions.slice(-1)].join(' ');
}

/** The embedded Lambda as a target: AWS's client in front of a small Lambda on 127.0.0.1. */
export async function createLocalTarget(options: LocalTargetOptions): Promise<Target> {
  const hardware = hostHardware();
  const share = await probeCpuShare({ path: options.path });
  const tools = findTools(`${options.path}:/usr/bin:/bin`);
  const memory = hostMemory();
  const { runtimesDir } = options;
  const requirements = (name: string): string => requirementsOf(runtimesDir, name);
  const converterOf = (runtime: RuntimeName, light: boolean): string =>
    light ? runtime : converterEnvironment(runtimesDir, runtime);
  const environments = RUNTIME_NAMES.flatMap((runtime) => [runtime, converterOf(runtime, false)]);
  const made = environments
    .filter((name) => existsSync(requirements(name)))
    .map((name) => madeEnvironment(options, name))
    .find((one) => one !== null);
  // An environment that is not made yet is made with the Python of those that are; looking for one starts processes.
  const tag = made?.tag ?? tagOf(await findPython(options.python, options.path));
  const capped = tools.prlimit !== null ? 'rlimit' : 'memory not limited (no prlimit here)';
  const digests = new Map<string, string>();
  const digestOf = (runtime: RuntimeName, environment: string): string => {
    const own = madeEnvironment(options, environment)?.tag ?? tag;
    const digest =
      digests.get(environment) ??
      runtimeDigest(runtimesDir, runtime, requirementTexts(options, environment), own, hardware);
    digests.set(environment, digest);
    return digest;
  };
  const converterDigest = ({ runtime, light }: Place): string =>
    digestOf(runtime, converterOf(runtime, light === true));
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
      codeDigest(codeOf(framework, config, (runtime) => digestOf(runtime, runtime), converterDigest)),
    converterDigest,
    converterHardware: () => hardware,
    runtimeName(framework, optimizer) {
      const { serves } = plannedRoute(framework, optimizer);
      return lockedVersion(requirementTexts(options, serves), LIBRARIES[serves]);
    },
  };

  interface Running {
    readonly pool: Pool;
    readonly server: InvokeServer;
    readonly invoker: Invoker;
    readonly scratch: string;
  }
  /** By environment: its Python, and the folder of its runtime's code. */
  const ready = new Map<string, { readonly python: string; readonly folder: string }>();
  let starting: Promise<Running> | null = null;

  function find(name: string): FunctionSpec | null {
    const match = /^ayci-([a-z]+)-(convert-|light-)?(x86_64|arm64)(?:-(\d{3,5}))?$/.exec(name);
    const runtime = RUNTIME_NAMES.find((one) => one === match?.[1]);
    if (match === null || runtime === undefined || match[3] !== hardware) return null;
    const converts = match[2] !== undefined;
    const environment = converts ? converterOf(runtime, match[2] === 'light-') : runtime;
    const prepared = ready.get(environment);
    if (prepared === undefined) return null;
    if (converts === (match[4] !== undefined)) return null;
    const memoryMb = converts ? memory.total : Number(match[4]);
    return {
      name,
      memoryMb,
      timeoutMs: (converts ? CONVERT_SECONDS : (options.timeoutSeconds ?? MEASURE_SECONDS)) * 1000,
      cpus: converts ? null : memoryMb / MB_PER_VCPU,
      capMb: converts ? null : memoryMb,
      ...prepared,
      handler: environment === runtime ? 'app.handler' : 'convert_app.handler',
      pythonPath: prepared.folder,
      region: options.region,
    };
  }

  async function start(): Promise<Running> {
    const scratch = await makeScratch();
    const pool = new Pool({ tools, cpuShare: share.ok ? share.share : null, scratch }, options.concurrency ?? 10);
    const server = await InvokeServer.listen(pool, find);
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

  function nameOf({ framework, hardware, memoryMb, light }: Where, converts: boolean): string {
    // On Lambda one converter does both; here the light ones need no environment of their own.
    return converts
      ? `ayci-${framework}-${light ? 'light' : 'convert'}-${hardware}`
      : `ayci-${framework}-${hardware}-${memoryMb}`;
  }

  function environmentOf({ op, framework, light }: Work): string {
    return op === 'convert' ? converterOf(framework, light === true) : framework;
  }

  return {
    facts,
    async prepare(work, signal) {
      for (const [name, { framework }] of new Map(work.map((one) => [environmentOf(one), one]))) {
        if (!existsSync(requirements(name)))
          throw new AyciError('environment', `runtime ${name}: its folder is missing`);
        const { python } = await makeEnvironment(options, name, options.logger, signal);
        const digest = digestOf(framework, name);
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
