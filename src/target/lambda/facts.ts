import type { TargetFacts } from '../../ports.ts';
import { HARDWARE } from '../../types/config.ts';
import { codeOf, convertersOf, plannedRoute, routeOf } from '../../types/runtimes.ts';
import { codeDigest } from '../code-digest.ts';
import type { Concurrency } from './control.ts';
import type { Deployed } from './discovery.ts';
import { converterName, functionName, MAX_MEMORY_MB } from './names.ts';

/** What Lambda gives a sandbox of the largest size. */
const MAX_VCPUS = 6;

/** Where the service does not say what it allows: what new accounts have at least. */
const LEAST_CONCURRENCY = 10;
/** Lambda adds so many sandboxes in ten seconds; more at once are refused. */
const MOST_CONCURRENCY = 1000;

/** Sandboxes that a cell is measured in, and those beside them that have to be kept busy. */
const WANTED_CONCURRENCY = 11;

/** Requests that may run at once. */
export function usableConcurrency({ unreserved }: Concurrency): number {
  return Math.min(MOST_CONCURRENCY, Math.max(1, unreserved ?? LEAST_CONCURRENCY));
}

function notesOf(concurrency: number, deployed: Deployed): readonly string[] {
  const notes: string[] = [];
  if (concurrency < WANTED_CONCURRENCY) {
    notes.push(
      `The account's functions run ${concurrency} requests at once in ${deployed.place.region}; six fresh sandboxes a cell ` +
        `take up to ${WANTED_CONCURRENCY}: cells may end with fewer sandboxes, and take longer. Ask for more under Service ` +
        'Quotas, AWS Lambda, "Concurrent executions".',
    );
  }
  const reserved = deployed.ours.filter((one) => one.reserved !== null && one.reserved < WANTED_CONCURRENCY);
  for (const one of reserved) {
    if (one.reserved !== 0)
      notes.push(`${one.name} has a reserved concurrency of ${one.reserved}; ${WANTED_CONCURRENCY} are wanted.`);
  }
  return notes;
}

/** What is known of the deployed runtimes before anything is sent to them. */
export function factsOf(deployed: Deployed, allowed: Concurrency): TargetFacts {
  const concurrency = usableConcurrency(allowed);
  const measuring = deployed.ours.filter((one) => one.named.role === 'measure');
  const converterHardware: TargetFacts['converterHardware'] = ({ runtime, made }, hardware) =>
    made === 'there' ? hardware : deployed.converterHardware(runtime, hardware);
  const converterDigest: TargetFacts['converterDigest'] = ({ runtime }, hardware) =>
    deployed.converting(runtime, hardware)?.digest ?? 'not deployed';
  return {
    kind: 'lambda',
    hardware: HARDWARE.filter((hardware) => measuring.some((one) => one.named.hardware === hardware)),
    maxVcpus: MAX_VCPUS,
    maxMemoryMb: MAX_MEMORY_MB,
    fractionalCpu: true,
    fractionalCpuRemedy: null,
    limits: 'AWS Lambda',
    cpu: null,
    image: null,
    region: deployed.place.region,
    reads: 'archive',
    concurrency,
    notes: notesOf(concurrency, deployed),
    unavailable(framework, { hardware, memoryMb, optimizer }) {
      const route = routeOf(framework, optimizer);
      if (typeof route === 'string') return route;
      const converters = convertersOf(framework, route).map((one) =>
        converterName(one.runtime, converterHardware(one, hardware)),
      );
      const faults = [functionName(route.serves, hardware, memoryMb), ...converters].map((one) => deployed.fault(one));
      return faults.find((fault) => fault !== null) ?? null;
    },
    runtimeDigest: (framework, config) =>
      codeDigest(
        codeOf(
          framework,
          config,
          (runtime) => deployed.measuring(runtime, config.hardware, config.memoryMb)?.digest ?? 'not deployed',
          (step) => converterDigest(step, converterHardware(step, config.hardware)),
        ),
      ),
    converterDigest,
    converterHardware,
    runtimeName(framework, { optimizer, hardware }) {
      const { serves } = plannedRoute(framework, optimizer);
      const own = measuring.filter(({ named }) => named.runtime === serves && named.hardware === hardware);
      const versions = own.map((one) => one.version);
      return versions.find((version) => version !== null) ?? `${serves} runtime`;
    },
  };
}
