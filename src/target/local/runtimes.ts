import { existsSync } from 'node:fs';
import type { Work } from '../../ports.ts';
import { type Hardware, RUNTIME_NAMES, type RuntimeName } from '../../types/config.ts';
import { LIBRARIES, type Place } from '../../types/engines.ts';
import { runtimeDigest } from './digest.ts';
import {
  converterEnvironment,
  type EnvironmentPlace,
  madeEnvironment,
  requirementsOf,
  requirementTexts,
} from './environment.ts';
import { findPython, fitsTag, tagOf } from './python.ts';

/** The runtimes as this machine has them: in which environment they serve and convert, and what these are. */
export interface LocalRuntimes {
  /** The environment in which a runtime converts; light conversions need none of their own. */
  converterOf(runtime: RuntimeName, light: boolean): string;
  /** The environment in which some work is done. */
  environmentOf(work: Pick<Work, 'op' | 'framework' | 'light'>): string;
  /** Of a runtime's code and the environment that runs it. */
  digestOf(runtime: RuntimeName, environment: string): string;
  converterDigest(step: Place): string;
  /** `onnxruntime 1.32.0`. */
  versionOf(runtime: RuntimeName): string;
}

/** The version of the last of the requirements that have it. */
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

/** What each environment is made with, or will be. */
async function tagsOf(place: EnvironmentPlace, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const tags = new Map<string, string>();
  const there = names.filter((name) => existsSync(requirementsOf(place.runtimesDir, name)));
  const made = there.flatMap((name) => madeEnvironment(place, name)?.tag ?? []);
  for (const name of there) {
    // One that is not made yet is made with the Python of those that are; looking for one starts processes.
    const known = [...made, ...tags.values()].find((tag) => fitsTag(tag, name));
    tags.set(name, known ?? tagOf(await findPython(place.python, place.path, name)));
  }
  return tags;
}

export async function localRuntimes(place: EnvironmentPlace, hardware: Hardware): Promise<LocalRuntimes> {
  const { runtimesDir } = place;
  const converterOf = (runtime: RuntimeName, light: boolean): string =>
    light ? runtime : converterEnvironment(runtimesDir, runtime);
  const tags = await tagsOf(
    place,
    RUNTIME_NAMES.flatMap((runtime) => [runtime, converterOf(runtime, false)]),
  );
  const digests = new Map<string, string>();
  const digestOf = (runtime: RuntimeName, environment: string): string => {
    const own = madeEnvironment(place, environment)?.tag ?? tags.get(environment) ?? '';
    const digest =
      digests.get(environment) ??
      runtimeDigest(runtimesDir, runtime, requirementTexts(place, environment), own, hardware);
    digests.set(environment, digest);
    return digest;
  };
  return {
    converterOf,
    environmentOf: ({ op, framework, light }) =>
      op === 'convert' ? converterOf(framework, light === true) : framework,
    digestOf,
    converterDigest: ({ runtime, light }) => digestOf(runtime, converterOf(runtime, light === true)),
    versionOf: (runtime) => lockedVersion(requirementTexts(place, runtime), LIBRARIES[runtime]),
  };
}
