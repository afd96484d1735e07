import { readFile, stat } from 'node:fs/promises';
import type { Model } from '../types/model.ts';

/** What a model's files tell without running them. */
export type ModelFacts = Pick<Model, 'signature' | 'operators' | 'parameters' | 'opsets'>;

/** Where each file of a model is on this machine, by its path in the model's folder. */
export type Sources = ReadonlyMap<string, string>;

/** A sound file that AYCI does not take. The message goes on after its name: `asks for pickle`. */
export class RefusedModel extends Error {
  readonly hint: string;

  constructor(what: string, hint: string) {
    super(what);
    this.name = 'RefusedModel';
    this.hint = hint;
  }
}

/** Counts by name, sorted by it. */
export function sortedCounts(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The file of a model that a reader needs. @throws Error where it is not among them */
export function sourceOf(sources: Sources, path: string): string {
  const source = sources.get(path);
  if (source === undefined) throw new Error(`its file ${path} is missing`);
  return source;
}

const MOST_ELEMENTS = 2 ** 53;

/** Elements of a tensor. @throws Error for what no tensor has */
export function elementsOf(dims: readonly number[]): number {
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) && elements < MOST_ELEMENTS) return elements;
  throw new Error(`it has a tensor of ${dims.slice(0, 8).join('x')} elements`);
}

/** What protobuf can read as one message. */
const LARGEST_PROTOBUF = 2 ** 31 - 1;

/**
 * The bytes of a file that is one protobuf message.
 * @param hint what to do with one that is too large
 * @throws RefusedModel where it is
 */
export async function protobufFile(path: string, hint: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > LARGEST_PROTOBUF)
    throw new RefusedModel(`has ${size} bytes; expected at most ${LARGEST_PROTOBUF} in one protobuf file`, hint);
  return readFile(path);
}
