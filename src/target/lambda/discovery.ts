import { AyciError } from '../../errors.ts';
import { HARDWARE, type Hardware, type RuntimeName } from '../../types/config.ts';
import type { Control } from './control.ts';
import { type DeployedFunction, faultOf, oddImages, readFunction } from './deployed.ts';
import { converterName, deployCommand, functionName, parseName } from './names.ts';

export interface Place {
  readonly region: string;
  /** Tag of the stack whose functions are used. */
  readonly stack: string;
}

/** What is deployed of one stack, and of others under names that this one would use. */
export class Deployed {
  readonly place: Place;
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  readonly #odd: ReadonlySet<string>;

  constructor(place: Place, functions: readonly DeployedFunction[]) {
    this.place = place;
    this.functions = new Map(functions.map((one) => [one.name, one]));
    this.#odd = oddImages(functions.filter((one) => one.stack === place.stack));
  }

  get ours(): readonly DeployedFunction[] {
    return [...this.functions.values()].filter((one) => one.stack === this.place.stack);
  }

  measuring(runtime: RuntimeName, hardware: Hardware, memoryMb: number): DeployedFunction | null {
    return this.functions.get(functionName(runtime, hardware, memoryMb)) ?? null;
  }

  converting(runtime: RuntimeName, hardware: Hardware): DeployedFunction | null {
    return this.functions.get(converterName(runtime, hardware)) ?? null;
  }

  /** Where a runtime converts what may be converted elsewhere than it is served: one stack needs one such converter. */
  converterHardware(runtime: RuntimeName, hardware: Hardware): Hardware {
    return this.converting(runtime, 'x86_64') === null ? hardware : 'x86_64';
  }

  /** Why the function of this name does not serve, with what mends it; null: it does. */
  fault(name: string): string | null {
    const one = this.functions.get(name);
    if (one === undefined) return `${name} is not deployed${this.#mend(name)}`;
    const fault = faultOf(one, this.place.stack, this.#odd.has(name));
    return fault === null ? null : `${name} ${fault}`;
  }

  /** A further size is a change of the stack; other hardware needs images of its own, which the workflow builds. */
  #mend(name: string): string {
    const wanted = parseName(name);
    const named = this.ours.map((one) => one.named);
    const memoriesMb = [...named, wanted].flatMap((one) => one?.memoryMb ?? []);
    if (wanted?.memoryMb != null && named.some((one) => one.hardware === wanted.hardware)) {
      return `; to deploy it: ${deployCommand({ ...this.place, memoriesMb })}`;
    }
    const hardware = HARDWARE.filter(
      (one) => one === wanted?.hardware || named.some((other) => other.hardware === one),
    );
    const sizes = [...new Set(memoriesMb)].sort((one, other) => one - other);
    return `; to deploy it: deploy-runtimes.yml with hardware ${hardware.join(',')} and memory-sizes ${sizes.join(',')}`;
  }
}

/**
 * Finds the functions of a stack: by the form of their names, then by what AWS says of each.
 * @throws AyciError `target` where there are none, or where they cannot be read
 */
export async function discover(control: Control, place: Place, signal: AbortSignal): Promise<Deployed> {
  const listed = await control.list(signal);
  const names = listed.flatMap(({ FunctionName = '' }) => (parseName(FunctionName) === null ? [] : [FunctionName]));
  const answers = await Promise.all(names.map((name) => control.get(name, signal)));
  const functions = answers.flatMap((answer) => (answer === null ? [] : (readFunction(answer) ?? [])));
  const unread = functions.find((one) => one.tagsError !== null);
  if (unread !== undefined) {
    throw new AyciError('target', `${unread.name}: its tags could not be read: ${unread.tagsError}`, {
      hint: 'Allow lambda:ListTags to the role in use (docs/aws.md).',
    });
  }
  const deployed = new Deployed(place, functions);
  if (deployed.ours.length === 0) throw noFunctions(place, functions, listed.length);
  return deployed;
}

function noFunctions(place: Place, functions: readonly DeployedFunction[], listed: number): AyciError {
  const others = [...new Set(functions.flatMap((one) => (one.stack === null ? [] : [one.stack])))];
  const seen =
    others.length > 0
      ? `there are those of stack ${others.map((one) => JSON.stringify(one.slice(0, 64))).join(', ')}`
      : `none of ${listed} functions is one`;
  return new AyciError('target', `stack "${place.stack}": no runtime is deployed in ${place.region}; ${seen}`, {
    hint: 'Deploy the runtimes (docs/aws.md, "Set-up"), or name the stack and region that have them.',
  });
}
