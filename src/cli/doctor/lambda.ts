import { randomUUID } from 'node:crypto';
import { asDescribeResponse } from '../../measure/validate.ts';
import type { Control } from '../../target/lambda/control.ts';
import type { DeployedFunction } from '../../target/lambda/deployed.ts';
import type { Deployed } from '../../target/lambda/discovery.ts';
import type { Invoker } from '../../target/lambda/invoke.ts';
import type { Credentials } from '../../target/lambda/sdk.ts';
import { RUNTIME_NAMES } from '../../types/config.ts';
import { type Check, tried } from './check.ts';

export interface LambdaPlace {
  readonly region: string;
  readonly stack: string;
  readonly credentials?: Credentials;
  readonly signal: AbortSignal;
}

/** Asks one function what it is. A converter answers the same question. */
async function answers(invoker: Invoker, one: DeployedFunction, signal: AbortSignal): Promise<string> {
  const framework = RUNTIME_NAMES.find((name) => name === one.named.runtime);
  if (framework === undefined) return 'a runtime that this version of AYCI does not know';
  const nonce = randomUUID();
  const request = { protocol: 1, op: 'describe', nonce, framework, optimizer: 'vanilla' } as const;
  const answer = await invoker.invoke(one.name, async () => request, { signal });
  if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
  const described = asDescribeResponse(answer.response);
  if (described === null) throw new Error('its answer does not fit the protocol: deploy the runtimes of this version');
  const versions = Object.entries(described.environment.versions).map(([name, version]) => `${name} ${version}`);
  return `${versions.join(', ')} on ${described.environment.cpu}, image ${one.digest.slice(0, 19)}`;
}

async function functionChecks(deployed: Deployed, invoker: Invoker, signal: AbortSignal): Promise<readonly Check[]> {
  return Promise.all(
    deployed.ours.map((one) =>
      tried(one.name, async () => {
        const fault = deployed.fault(one.name);
        if (fault !== null) throw new Error(fault);
        return answers(invoker, one, signal);
      }),
    ),
  );
}

/** Each permission that a run on Lambda takes, and each function, by doing what takes it. */
export async function lambdaChecks(place: LambdaPlace): Promise<readonly Check[]> {
  const [{ createControl }, { discover }, { factsOf }, { createInvoker }] = await Promise.all([
    import('../../target/lambda/control.ts'),
    import('../../target/lambda/discovery.ts'),
    import('../../target/lambda/facts.ts'),
    import('../../target/lambda/invoke.ts'),
  ]);
  const { region, stack, signal, credentials } = place;
  const client = { region, ...(credentials === undefined ? {} : { credentials }) };
  const control: Control = await createControl(client);
  const invoker = await createInvoker(client);
  try {
    const found: Deployed[] = [];
    const listed = await tried('lambda:ListFunctions, lambda:GetFunction', async () => {
      const deployed = await discover(control, { region, stack }, signal);
      found.push(deployed);
      return `${deployed.ours.length} functions of stack ${stack} in ${region}`;
    });
    const allowed = await tried('lambda:GetAccountSettings', async () => {
      const concurrency = await control.concurrency(signal);
      return `${concurrency.unreserved ?? 'unknown how many'} requests at once`;
    });
    const [deployed] = found;
    if (deployed === undefined) return [listed, allowed];
    const notes = factsOf(deployed, await control.concurrency(signal).catch(() => ({ unreserved: null }))).notes;
    return [
      listed,
      allowed,
      ...notes.map((detail): Check => ({ what: 'concurrency', state: 'limited', detail })),
      ...(await functionChecks(deployed, invoker, signal)),
    ];
  } finally {
    control.close();
    invoker.close();
  }
}
