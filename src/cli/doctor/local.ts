import { cacheFolder, localTarget } from '../../wiring/index.ts';
import { type CommandContext, outsideOf } from '../context.ts';
import { type Check, ok, tried } from './check.ts';

/** What this machine has of what local runs need. Makes the environment of the runtime. */
export async function localChecks(context: CommandContext, requirements: string | null): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const machine = await tried('machine', async () => {
    const target = await localTarget(outsideOf(context), requirements);
    try {
      const { facts } = target;
      const [hardware = 'x86_64'] = facts.hardware;
      checks.push(
        facts.fractionalCpu
          ? ok('CPU share', facts.limits)
          : { what: 'CPU share', state: 'limited', detail: facts.fractionalCpuRemedy ?? facts.limits },
        await tried('runtime', async () => {
          await target.prepare([{ framework: 'onnx', hardware, memoryMb: 1769, op: 'measure' }], context.signal);
          return `${facts.runtimeName('onnx', { optimizer: 'onnx', hardware })} in ${cacheFolder(context.env)}`;
        }),
      );
      return `${facts.hardware.join()}, ${facts.maxVcpus} CPUs, ${facts.maxMemoryMb} MB, ${facts.cpu ?? 'unknown CPU'}`;
    } finally {
      await target.close();
    }
  });
  return [...checks, machine];
}
