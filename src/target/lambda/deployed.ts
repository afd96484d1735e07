import type { GetFunctionCommandOutput } from '@aws-sdk/client-lambda';
import { type ParsedName, parseName, ROLE_TAG, RUNTIME_TAG, STACK_TAG, VERSION_TAG } from './names.ts';

/** A deployed function as AWS describes it; its name is only how it was found. */
export interface DeployedFunction {
  readonly name: string;
  /** What its name promises. */
  readonly named: ParsedName;
  readonly stack: string | null;
  readonly runtime: string | null;
  readonly role: string | null;
  /** `onnxruntime 1.32.0`. */
  readonly version: string | null;
  readonly architecture: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** `sha256:…` of the image, else of the code. */
  readonly digest: string;
  readonly state: string;
  readonly stateReason: string;
  readonly update: string;
  readonly updateReason: string;
  /** Concurrency that is reserved for it alone; null for none. */
  readonly reserved: number | null;
  /** Why its tags could not be read, or null. */
  readonly tagsError: string | null;
}

const REASON_MAX = 200;

function reason(text: string | undefined): string {
  return (text ?? '').slice(0, REASON_MAX);
}

/** Reads GetFunction's answer; null where it is of no function with a name of ours. */
export function readFunction(output: GetFunctionCommandOutput): DeployedFunction | null {
  const { Configuration: configuration, Code: code, Tags: tags = {}, TagsError: tagsError } = output;
  const name = configuration?.FunctionName ?? '';
  const named = parseName(name);
  if (configuration === undefined || named === null) return null;
  const image = /@(sha256:[0-9a-f]{64})$/.exec(code?.ResolvedImageUri ?? '')?.[1];
  return {
    name,
    named,
    stack: tags[STACK_TAG] ?? null,
    runtime: tags[RUNTIME_TAG] ?? null,
    role: tags[ROLE_TAG] ?? null,
    version: tags[VERSION_TAG] ?? null,
    // AWS leaves out what is its default.
    architecture: configuration.Architectures?.[0] ?? 'x86_64',
    memoryMb: configuration.MemorySize ?? 128,
    timeoutSeconds: configuration.Timeout ?? 3,
    digest: image ?? `code:${configuration.CodeSha256 ?? 'unknown'}`,
    state: configuration.State ?? 'Active',
    stateReason: reason(configuration.StateReason),
    update: configuration.LastUpdateStatus ?? 'Successful',
    updateReason: reason(configuration.LastUpdateStatusReason),
    reserved: output.Concurrency?.ReservedConcurrentExecutions ?? null,
    tagsError: tagsError === undefined ? null : `${tagsError.ErrorCode}: ${reason(tagsError.Message)}`,
  };
}

/** A measure request ends by its own deadline before this, seconds. */
export const MIN_TIMEOUT_SECONDS = 60;

/** CloudFormation does not see what was changed beside it, so the same template again would mend nothing. */
const ANEW = '; delete the stack and deploy it anew (docs/aws.md)';

/** Why a function does not serve, with what mends it, or null; `odd`: its image is not that of its siblings. */
export function faultOf(one: DeployedFunction, stack: string, odd: boolean): string | null {
  const { named } = one;
  const changed = (what: string): string => `${what}${ANEW}`;
  if (one.stack === null) return changed(`has no tag ${STACK_TAG}`);
  if (one.stack !== stack)
    return `belongs to stack ${JSON.stringify(one.stack)}, not "${stack}"; name the stack to use`;
  if (one.runtime !== named.runtime) return changed(`is tagged as runtime ${JSON.stringify(one.runtime)}`);
  if (one.role !== named.role) return changed(`is tagged for ${JSON.stringify(one.role)}`);
  if (one.architecture !== named.hardware) return changed(`runs on ${one.architecture}, not ${named.hardware}`);
  if (named.memoryMb !== null && one.memoryMb !== named.memoryMb) {
    return changed(`has ${one.memoryMb} MB, not ${named.memoryMb}`);
  }
  if (one.timeoutSeconds < MIN_TIMEOUT_SECONDS) {
    return changed(`ends after ${one.timeoutSeconds} s; a request takes up to ${MIN_TIMEOUT_SECONDS}`);
  }
  if (one.reserved === 0) return 'is switched off: its reserved concurrency is 0; take that away';
  const broken = brokenState(one);
  if (broken !== null) return changed(broken);
  return odd ? changed(`has another image (${one.digest.slice(0, 19)}) than its siblings`) : null;
}

/** Why a function will not come to run by waiting, or null. */
export function brokenState(
  one: Pick<DeployedFunction, 'state' | 'stateReason' | 'update' | 'updateReason'>,
): string | null {
  const because = (text: string): string => (text === '' ? '' : `: ${text}`);
  if (!['Active', 'Inactive', 'Pending'].includes(one.state)) return `is ${one.state}${because(one.stateReason)}`;
  if (one.update === 'Failed') return `could not be updated${because(one.updateReason)}`;
  return null;
}

/** Whether a request can be sent to it now. */
export function isReady(one: Pick<DeployedFunction, 'state' | 'update'>): boolean {
  return one.state === 'Active' && one.update !== 'InProgress';
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/**
 * Functions of one runtime, role and hardware are made from one image. Names of those whose image is not the one that
 * most of them have; where none is in the majority, all of them.
 */
export function oddImages(functions: readonly DeployedFunction[]): ReadonlySet<string> {
  const groups = groupBy(functions, ({ named }) => `${named.runtime} ${named.role} ${named.hardware}`);
  const odd = new Set<string>();
  for (const group of groups.values()) {
    const counts = groupBy(group, ({ digest }) => digest);
    for (const [digest, same] of counts) {
      const rules = [...counts].every(([other, those]) => other === digest || those.length < same.length);
      if (!rules) for (const { name } of same) odd.add(name);
    }
  }
  return odd;
}
