import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { AyciError } from '../errors.ts';
import { configText, MOST_WRITTEN } from '../init/config-text.ts';
import { type FoundModels, findModels } from '../init/models.ts';
import { baseBranch, ownRelease, repositoryAround } from '../init/repository.ts';
import { workflowText } from '../init/workflow-text.ts';
import { writeNew } from '../init/write.ts';
import { visible } from '../report/escape.ts';
import type { CommandContext } from './context.ts';

export const CONFIG = '.github/ayci.yml';
export const WORKFLOW = '.github/workflows/ayci.yml';
/** What stands for the action where its own release is not known. */
const PLACEHOLDER = 'OWNER/ayci@COMMIT';
const SHOWN = 5;

function requireModels({ models, passedOver }: FoundModels, root: string): void {
  if (models.length > 0) return;
  const [first] = passedOver;
  const seen = first === undefined ? '' : ` (passed over: ${visible(first)}${passedOver.length > 1 ? ', …' : ''})`;
  throw new AyciError(
    'bad-input',
    `init: no .onnx model in ${JSON.stringify(root)}${seen}; expected at least one that git does not ignore`,
    {
      hint: "Export a model to ONNX, or name a job's own product in the configuration by hand: docs/config-file.md.",
    },
  );
}

function foundLines({ models, passedOver }: FoundModels): readonly string[] {
  const names = models.slice(0, SHOWN).map(({ path }) => visible(path));
  const more = models.length > SHOWN ? `, and ${models.length - SHOWN} more` : '';
  const left = models.length - MOST_WRITTEN;
  return [
    `Found      ${models.length} ${models.length === 1 ? 'model' : 'models'}: ${names.join(', ')}${more}`,
    ...(left > 0 ? [`Note       ${left} of them are not in the file: name them, or write a glob`] : []),
    ...passedOver.slice(0, SHOWN).map((line) => `Note       passed over ${visible(line, 300)}`),
  ];
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function nextLines(uses: string, isNew: boolean): readonly string[] {
  const steps = [
    `Measure them here:  ayci run --config ${CONFIG}`,
    ...(isNew && uses === PLACEHOLDER
      ? [`Put a release that you reviewed in the place of ${PLACEHOLDER} in ${WORKFLOW}`]
      : []),
    'Commit both files and open a pull request',
  ];
  return steps.map((step, at) => `${at === 0 ? 'Next' : '    '}       ${at + 1}. ${step}`);
}

/**
 * `ayci init`: writes a first configuration and workflow for the models of the repository around `folder`, overwrites
 * nothing, and says what to do next.
 */
export async function initCommand(context: CommandContext, folder: string = process.cwd()): Promise<number> {
  const [given] = Object.keys(context.args.raw);
  if (given !== undefined) {
    throw new AyciError('bad-input', `init: got --${given}; expected no options`, {
      hint: `Write it in ${CONFIG} then.`,
    });
  }
  const git = await repositoryAround(folder);
  const found = await findModels(git);
  if (!(await exists(join(git.cwd, CONFIG)))) requireModels(found, git.cwd);
  const own = await ownRelease(context.entry);
  const uses = own ?? PLACEHOLDER;
  const usesNote = own === null ? 'of a release that you reviewed' : 'the one that wrote this file';
  const workflow = workflowText({ branch: await baseBranch(git), lfs: found.lfs, uses, usesNote, config: CONFIG });
  const files = [
    [CONFIG, configText(found.models)],
    [WORKFLOW, workflow],
  ] as const;
  const lines: string[] = [];
  let isNew = false;
  for (const [path, text] of files) {
    const written = await writeNew(git.cwd, path, text);
    if (path === WORKFLOW) isNew = written;
    lines.push(written ? `Wrote      ${path}` : `Kept       ${path}, which is there already`);
  }
  context.print(
    `${[...(found.models.length > 0 ? foundLines(found) : []), ...lines, ...nextLines(uses, isNew)].join('\n')}\n`,
  );
  return 0;
}
