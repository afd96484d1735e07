import type { InputSpec } from '../types/model.ts';
import type { Artifact, ConvertRequest, MeasureRequest, Subject } from '../types/protocol.ts';

/**
 * A URL that a runtime can read, for one of the runner's own: `archive:<key>` becomes a signed one, which does not last,
 * so it is made when a request is about to be sent.
 */
export type Locate = (url: string) => Promise<string>;

async function artifact(one: Artifact, locate: Locate): Promise<Artifact> {
  const files = await Promise.all(one.files.map(async (file) => ({ ...file, url: await locate(file.url) })));
  return { ...one, files };
}

async function input(one: InputSpec, locate: Locate): Promise<InputSpec> {
  return one.fill.kind === 'file' ? { ...one, fill: { ...one.fill, url: await locate(one.fill.url) } } : one;
}

async function subject(one: Subject, locate: Locate): Promise<Subject> {
  return {
    ...one,
    artifact: await artifact(one.artifact, locate),
    inputs: await Promise.all(one.inputs.map((each) => input(each, locate))),
    ...(one.reference === undefined ? {} : { reference: await artifact(one.reference, locate) }),
    ...(one.expected === undefined ? {} : { expected: await artifact(one.expected, locate) }),
  };
}

/** The request with URLs that its runtime can read now. */
export async function located<T extends MeasureRequest | ConvertRequest>(request: T, locate: Locate): Promise<T> {
  if (request.op !== 'measure') {
    const inputs = await Promise.all(request.inputs.map((each) => input(each, locate)));
    return { ...request, artifact: await artifact(request.artifact, locate), inputs };
  }
  return { ...request, subjects: await Promise.all(request.subjects.map((one) => subject(one, locate))) };
}
