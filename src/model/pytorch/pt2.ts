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
const SAMPLES = 'data/sample_inputs/model.pt';
/** The runtime's reader, check_exported.py, has the same. torch's own finds MODEL.PT as well, which is none of them. */
const MEMBERS =
  /^(?:models\/model\.json|data\/sample_inputs\/model\.pt|archive_format|archive_version|byteorder|data\/weights\/(?:weight_\d+|model_weights_config\.json)|data\/constants\/(?:tensor_\d+|model_constants_config\.json)|\.data\/(?:version|serialization_id)|\.format_version|\.storage_alignment|extra\/.+)$/;
const SAMPLE_MEMBERS =
  /^(?:data\.pkl|byteorder|version|data\/\d+|\.data\/(?:version|serialization_id)|\.format_version|\.storage_alignment)$/;
const EXPORT = 'Save it with torch.export.save(torch.export.export(model, inputs), "model.pt2").';

/** A `.pt2` of torch.export (torch 2.8 and newer), read without torch. @throws Error or RefusedModel */
export function readPt2(sources: Sources): Promise<ModelFacts> {
  return withBytes(sourceOf(sources, PT2), async (bytes) => {
    const archive = await openArchive(bytes);
    checkMembers(archive);
    // torch writes an empty one for a program without.
    if ((archive.members.get(SAMPLES)?.size ?? 0) > 0) await checkSamples(archive);
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
  const unknown = names.find((name) => !MEMBERS.test(name));
  if (unknown !== undefined)
    throw new RefusedModel(
      `has an unknown member, got ${JSON.stringify(unknown.slice(0, 80))}; expected one program, its tensors and sample inputs`,
      EXPORT,
    );
}

/** The inputs that it was exported with: tensors that torch saved as an archive of their own. */
async function checkSamples(archive: Archive): Promise<void> {
  const { members, root, read } = await openArchive(await memberBytes(archive, SAMPLES, LARGEST_MEMBER));
  const unknown = [...members.keys()].find((name) => !SAMPLE_MEMBERS.test(name));
  if (unknown !== undefined || root === '')
    throw new RefusedModel(
      `has sample inputs with an unknown member, got ${JSON.stringify(unknown?.slice(0, 80) ?? 'several folders')}; expected tensors in one folder`,
      EXPORT,
    );
  checkPickle(await read('data.pkl', LARGEST_MEMBER), `${SAMPLES}/data.pkl`, false);
}
