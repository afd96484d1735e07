import type { TensorSignature } from '../../types/model.ts';
import { countOne, type ModelFacts, RefusedModel, type Sources, sortedCounts, sourceOf } from '../facts.ts';
import { type Archive, openArchive, withBytes } from '../zip.ts';
import { checkPickle, operationsOf } from './pickle.ts';
import { type Argument, forwardOf } from './schema.ts';
import { operatorsIn } from './script-code.ts';

export const TORCHSCRIPT = 'model.pt';

/** Code and pickles are small; tensors are not read. */
const LARGEST_MEMBER = 64 * 2 ** 20;
/** Bytes of all its files, unpacked: each is taken apart into words, which have many times its size. */
const MOST_CODE = 64 * 2 ** 20;
/** The runtime's reader, check_scripted.py, has the same. torch's own finds A.PY as well, which is none of them. */
const MEMBERS =
  /^(?:(?:data|constants|traced_inputs|attributes)\.pkl|version|byteorder|(?:data|constants|traced_inputs|attributes|tensors)\/\d+|code\/[\w./ -]+\.py(?:\.debug_pkl)?|\.data\/(?:version|serialization_id)|\.format_version|\.storage_alignment|extra\/.+|bytecode\.pkl|mobile_debug_handles\.pkl)$/;
const CODE = /^code\/.+\.py$/;
/** After the two bytes of PROTO: the class of the whole. */
const CLASS = /^c(__torch__(?:\.\w+)*)\n(\w+)\n/;
const EXPORT =
  'Export it: torch.export.save(torch.export.export(model, inputs), "model.pt2"), or torch.jit.trace(model, inputs).save("model.pt").';

/** A TorchScript archive, read without torch. @throws Error or RefusedModel */
export function readTorchscript(sources: Sources): Promise<ModelFacts> {
  return withBytes(sourceOf(sources, TORCHSCRIPT), async (bytes) => {
    const archive = await openArchive(bytes);
    checkMembers(archive);
    const operators = await operatorsOf(archive);
    const data = await archive.read('data.pkl', LARGEST_MEMBER);
    let parameters = 0;
    for (const name of archive.members.keys()) {
      if (!name.endsWith('.pkl')) continue;
      const pickle = await archive.read(name, LARGEST_MEMBER);
      checkPickle(pickle, name, true);
      // A frozen model keeps its weights as constants.
      if (name === 'data.pkl' || name === 'constants.pkl') parameters += storedElements(pickle);
    }
    const [, module = '', type = ''] = CLASS.exec(data.subarray(2, 4096).toString('latin1')) ?? [];
    const file = `code/${module.replaceAll('.', '/')}.py`;
    if (!archive.members.has(file)) throw new Error('its code lacks the class of the model');
    const forward = forwardOf(await textOf(archive, file), type);
    if (forward === null)
      throw new RefusedModel(
        'is TorchScript whose model has no forward',
        'Save a module whose forward takes and gives tensors.',
      );
    return {
      signature: { inputs: forward.arguments.flatMap(inputOf), outputs: forward.outputs },
      operators,
      parameters,
      opsets: {},
    };
  });
}

function checkMembers({ members, root }: Archive): void {
  if (members.has('models/model.json')) throw new RefusedModel('is an exported program', 'Name it .pt2.');
  if (!members.has('data.pkl')) throw new Error('it holds no data.pkl: it is no archive of torch');
  if (![...members.keys()].some((name) => name.startsWith('code/')))
    throw new RefusedModel(
      'is a checkpoint (a pickle with weights, or with a whole module), not a model that runs by itself',
      EXPORT,
    );
  if (root === '') throw new Error('its members do not lie in one folder, as torch writes them');
  const library = [...members.keys()].find((name) => /\.so(?:\.|$)/.test(name));
  if (library !== undefined)
    throw new RefusedModel(`holds compiled code: ${JSON.stringify(library.slice(0, 100))}`, EXPORT);
  const unknown = [...members.keys()].find((name) => !MEMBERS.test(name));
  if (unknown !== undefined)
    throw new RefusedModel(
      `has an unknown member, got ${JSON.stringify(unknown.slice(0, 80))}; expected those of TorchScript`,
      EXPORT,
    );
}

async function textOf(archive: Archive, name: string): Promise<string> {
  return (await archive.read(name, MOST_CODE)).toString();
}

/** TorchScript has neither the shape nor the element type of what it takes. */
function inputOf({ name, type, optional }: Argument): readonly TensorSignature[] {
  if (optional) return [];
  if (type === 'Tensor' || type === 'Optional[Tensor]') return [{ name, dtype: null, dims: null }];
  throw new RefusedModel(
    `takes ${JSON.stringify(name)}, a ${type.slice(0, 80)}; AYCI feeds tensors`,
    'Give its forward tensors alone, and defaults for the rest.',
  );
}

/** Of all of its code, which is looked through file by file. @throws RefusedModel where there is too much of it */
async function operatorsOf(archive: Archive): Promise<Readonly<Record<string, number>>> {
  const counts = new Map<string, number>();
  const code = [...archive.members].filter(([name]) => CODE.test(name));
  const size = code.reduce((sum, [, member]) => sum + member.size, 0);
  if (size > MOST_CODE)
    throw new RefusedModel(
      `has too much code, got ${size} bytes; expected at most ${MOST_CODE}`,
      'Keep tables of numbers in tensors, not in code.',
    );
  for (const [name] of code)
    for (const operator of operatorsIn(await textOf(archive, name))) countOne(counts, operator);
  return sortedCounts(counts);
}

const PERSISTENT = 0x51;
const PUSHES_NUMBER = new Set([0x4b, 0x4d, 0x4a]);

/** Elements of all storages: each is named by `('storage', type, key, device, elements)`, once or several times. */
function storedElements(pickle: Buffer): number {
  const seen = new Set<string>();
  let elements = 0;
  let number = 0;
  let key: string | null = null;
  for (const { code, value } of operationsOf(pickle, 'data.pkl')) {
    if (PUSHES_NUMBER.has(code)) number = Number(value);
    else if (typeof value === 'string' && /^\d+$/.test(value)) key = value;
    else if (code === PERSISTENT) {
      if (key !== null && !seen.has(key)) elements += Math.max(0, number);
      if (key !== null) seen.add(key);
      key = null;
    }
  }
  return elements;
}
