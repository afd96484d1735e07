import { type ModelFacts, RefusedModel, type Sources, sourceOf } from '../facts.ts';
import { type Json, LARGEST_JSON, listAt, parseJson, textAt } from '../loose-json.ts';
import { type Archive, memberBytes, openArchive, withBytes } from '../zip.ts';
import { checkPayloads } from './payloads.ts';
import { checkPickle } from './pickle.ts';
import { programFacts } from './program.ts';

export const PT2 = 'model.pt2';

/** One member that is read whole. */
const LARGEST_MEMBER = 256 * 2 ** 20;
const PROGRAM = 'models/model.json';
const EXPORT = 'Save it with torch.export.save(torch.export.export(model, inputs), "model.pt2").';

/** A `.pt2` of torch.export (torch 2.8 and newer), read without torch. @throws Error or RefusedModel */
export function readPt2(sources: Sources): Promise<ModelFacts> {
  return withBytes(sourceOf(sources, PT2), async (bytes) => {
    const archive = await openArchive(bytes);
    checkMembers(archive);
    for (const name of archive.members.keys()) if (name.endsWith('.pt')) await checkTensors(archive, name);
    for (const kind of ['weights', 'constants'] as const) {
      const config = `data/${kind}/model_${kind}_config.json`;
      if (archive.members.has(config)) checkPayloads(await json(archive, config), kind, archive.members);
    }
    const program = await json(archive, PROGRAM);
    const version = listAt(program, 'verifiers').length > 0 ? textAt(program, 'torch_version') : undefined;
    if (version === undefined) throw new Error(`its ${PROGRAM} is no exported program`);
    return programFacts(program);
  });
}

async function json(archive: Archive, name: string): Promise<Json> {
  return parseJson(await archive.read(name, LARGEST_JSON), name);
}

function checkMembers({ members, root }: Archive): void {
  const names = [...members.keys()];
  if (names.includes('serialized_exported_program.json'))
    throw new RefusedModel(
      'is in the format of torch 2.7 and older',
      `Export it again with torch 2.8 or newer. ${EXPORT}`,
    );
  const library = names.find((name) => name.startsWith('data/aotinductor/') || /\.so(?:\.|$)/.test(name));
  if (library !== undefined)
    throw new RefusedModel(`holds compiled code: ${JSON.stringify(library.slice(0, 100))}`, EXPORT);
  if (names.some((name) => name.startsWith('code/')))
    throw new RefusedModel('is TorchScript', 'Name it .pt, or export it with torch.export instead.');
  if (!members.has(PROGRAM)) {
    const other = names.find((name) => name.startsWith('models/'));
    if (other !== undefined) throw new RefusedModel(`holds a program called ${other.slice(7, 100)}, not model`, EXPORT);
    throw members.has('data.pkl')
      ? new RefusedModel('is a checkpoint (weights in a pickle), not an exported program', EXPORT)
      : new Error(`it holds no ${PROGRAM}`);
  }
  if (root === '') throw new Error('its members do not lie in one folder, as torch writes them');
  const programs = names.filter((name) => name.startsWith('models/'));
  if (programs.length > 1) throw new RefusedModel(`holds ${programs.length} programs`, 'Save one a file.');
}

/** Tensors that torch saved as an archive of their own, such as the inputs that it was exported with. */
async function checkTensors(archive: Archive, name: string): Promise<void> {
  const inner = await openArchive(await memberBytes(archive, name, LARGEST_MEMBER));
  checkPickle(await inner.read('data.pkl', LARGEST_MEMBER), `${name}/data.pkl`, false);
}
