import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOwnRequirements } from '../../../src/target/local/own-requirements.ts';
import { LIBRARIES } from '../../../src/types/engines.ts';
import { command } from '../../support/command.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { BAD, GOOD, hashOf } from '../../support/own-requirements.ts';
import { type Ran, ROOT } from '../../support/program.ts';

// What the images' build and the deployment do with a user's own versions, by their own Python, beside what AYCI itself
// does with the same files on this machine.

const RUNTIMES = join(ROOT, 'runtimes');
const [A, B, C] = [hashOf('a'), hashOf('b'), hashOf('c')];

/** Runs the room; texts are written to files, whose paths take their place. */
async function room(...args: readonly (string | { readonly text: string })[]): Promise<Ran> {
  await using folder = await temporaryFolder();
  const given = args.map((arg, index) => {
    if (typeof arg === 'string') return arg;
    const path = join(folder.path, `${index}.txt`);
    writeFileSync(path, arg.text);
    return path;
  });
  const python = process.env.AYCI_TEST_PYTHON ?? 'python3';
  return await command(python, ['-I', join(RUNTIMES, 'own_requirements'), ...given], {
    PATH: process.env.PATH ?? '',
    PYTHONDONTWRITEBYTECODE: '1',
  });
}

/** What AYCI says of a file on this machine. */
function refusal(text: string): string {
  try {
    return `taken: ${parseOwnRequirements(text, 'f').text}`;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

async function merged(runtime: string, lock: string, own: string, architecture: string): Promise<readonly string[]> {
  const done = await room('merge', runtime, { text: lock }, { text: own }, architecture);
  expect(done.code, done.stderr).toBe(0);
  return done.stdout.trimEnd().split('\n');
}

describe('a file of own requirements', () => {
  it.each(GOOD)('is read by the images as on this machine: %s', async (_, text, read) => {
    // Into a lock that has nothing: what comes out is what was read.
    const runtimes = (await room('applies', { text })).stdout.trim().split(',');
    const lines = read.filter((line) => !line.includes("< '3.12.1'"));
    expect(await merged(runtimes[0] ?? '', '', text, 'x86_64')).toEqual(lines);
    expect(parseOwnRequirements(text, 'f').text.trimEnd().split('\n')).toEqual(read);
  });

  it.each(BAD)('is refused by the images as on this machine: %s', async (_, text, said) => {
    const done = await room('applies', { text });
    expect(done.code).toBe(1);
    expect(done.stdout).toBe('');
    expect(done.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(done.stderr).toMatch(/; expected lines NAME==VERSION --hash=sha256:HEX\. Make it with: uv pip compile /);
    expect(done.stderr.startsWith(said), done.stderr).toBe(true);
    // To the letter, but for letters beyond ASCII, which a log of GitHub's does not get.
    const bare = (line: string): string => line.replaceAll(/\\u[0-9a-f]{4}|[^ -~]/g, '?');
    expect(`f: ${bare(done.stderr)}`).toContain(bare(refusal(text)));
  });
});

describe('the runtimes', () => {
  it('are those that AYCI has', async () => {
    for (const [runtime, library] of Object.entries(LIBRARIES)) {
      for (const name of [library, `${library}-cpu`]) {
        const done = await room('applies', { text: `${name}==1.0 ${A}` });
        expect([done.stdout.trim(), done.stderr]).toEqual([runtime, '']);
      }
    }
    const all = Object.values(LIBRARIES).map((library) => `${library}==1.0 ${A}`);
    const done = await room('applies', { text: all.join('\n') });
    expect(done.stdout.trim().split(',')).toEqual(Object.keys(LIBRARIES));
  });

  it.each(Object.keys(LIBRARIES))('have locks that are read whole: %s', async (runtime) => {
    const files = readdirSync(join(RUNTIMES, runtime)).filter((name) => name.endsWith('requirements.txt'));
    expect(files).toContain('requirements.txt');
    for (const file of files) {
      const lock = readFileSync(join(RUNTIMES, runtime, file), 'utf8');
      // Versions of another runtime: the lock stays as it is.
      const own = `${runtime === 'onnx' ? 'torch' : 'onnxruntime'}==0.1 ${A}`;
      const lines = await merged(runtime, lock, own, 'arm64');
      expect(lines.map((line) => line.split(' ')[0])).toEqual(
        [...lock.matchAll(/^([a-z0-9-]+==\S+)/gm)].map(([, pin]) => pin),
      );
      const hashes = (text: string): readonly string[] => text.match(/--hash=sha256:[0-9a-f]{64}\b/g) ?? [];
      expect(hashes(lines.join('\n'))).toEqual(hashes(lock));
    }
  });

  it('have the Python that markers are decided for', () => {
    const [, python] = /^ARG BASE=\S+:(3\.\d+)@/m.exec(readFileSync(join(RUNTIMES, 'Dockerfile'), 'utf8')) ?? [];
    const markers = readFileSync(join(RUNTIMES, 'own_requirements/markers.py'), 'utf8');
    expect(/^IMAGE_PYTHON = "(.+)"$/m.exec(markers)?.[1]).toBe(python);
  });
});

const LOCK = [
  `numpy==2.4.6 ${A}`,
  `protobuf==7.36.2 ${A}`,
  `tensorflow==2.21.0 ; platform_machine == 'aarch64' ${A}`,
  `tensorflow-cpu==2.21.0 ; platform_machine == 'x86_64' ${A}`,
].join('\n');

describe('a lock', () => {
  it('gets what the user pins in the place of its own, and further packages; the others stay', async () => {
    const own = `NumPy==2.2.6 ${B}\ntensorflow==2.20.0 ${B}\nnew_one==1.0 ${B} ${C}`;
    const lines = [`protobuf==7.36.2 ${A}`, `numpy==2.2.6 ${B}`, `tensorflow==2.20.0 ${B}`, `new-one==1.0 ${B} ${C}`];
    // Of the two builds of TensorFlow the user's one.
    for (const architecture of ['x86_64', 'arm64'])
      expect(await merged('tensorflow', LOCK, own, architecture)).toEqual(lines);
  });

  it('keeps its own where a marker leaves the user’s out', async () => {
    const own = `tensorflow-cpu==2.20.0 ; platform_machine == 'x86_64' ${B}`;
    const [numpy, protobuf] = LOCK.split('\n');
    expect(await merged('tensorflow', LOCK, own, 'x86_64')).toEqual([numpy, protobuf, own]);
    expect(await merged('tensorflow', LOCK, own, 'arm64')).toEqual(LOCK.split('\n'));
    const version = async (architecture: string): Promise<string> =>
      (await room('version', 'tensorflow', architecture, { text: LOCK }, { text: own })).stdout.trim();
    expect([await version('x86_64'), await version('arm64')]).toEqual(['tensorflow 2.20.0', 'tensorflow 2.21.0']);
  });

  it.each<[marker: string, holds: boolean]>([
    ["python_version == '3.13'", true],
    ["python_version != '3.13'", false],
    ["python_version < '3.9'", false],
    ["python_version >= '3.9'", true],
    ["python_full_version >= '3.13.0'", true],
    ["python_full_version == '3.13'", true],
    ["python_full_version <= '3.12.11'", false],
    ["python_full_version > '3.13'", false],
    ["python_full_version == '3.13.*'", true],
    ["python_full_version == '3.1.*'", false],
    ["python_full_version != '3.12.*'", true],
    ["sys_platform in 'linux linux2'", true],
    ["sys_platform not in 'linux linux2'", false],
    ["os_name == 'posix' and platform_machine == 'aarch64'", true],
    ["os_name == 'nt' or platform_machine == 'x86_64'", false],
    ["os_name == 'nt' and os_name == 'nt' or os_name == 'posix'", true],
    ["os_name == 'nt' and (os_name == 'nt' or os_name == 'posix')", false],
    ["platform_system == 'Linux' and platform_python_implementation == 'CPython'", true],
    ["implementation_name != 'cpython'", false],
  ])('takes a pin with the marker %s: %s', async (marker, holds) => {
    const own = `torch==2.0 ${A}\nnumpy==2.0 ; ${marker} ${B}`;
    const lines = await merged('pytorch', `numpy==2.4.6 ${C}`, own, 'arm64');
    expect(lines.includes(`numpy==2.0 ; ${marker} ${B}`)).toBe(holds);
    expect(lines.includes(`numpy==2.4.6 ${C}`)).toBe(!holds);
  });

  it.each([
    [`tensorflow==2.20.0 ${B}\ntensorflow-cpu==2.20.0 ${B}`, 'pins tensorflow more than once for x86_64'],
    [
      `tensorflow==2.20.0 ${B}\nnumpy==1.0 ${B}\nnumpy==2.0 ; os_name == 'posix' ${B}`,
      'pins numpy more than once for x86_64',
    ],
  ])('does not choose between two versions of the user’s', async (own, said) => {
    const done = await room('merge', 'tensorflow', { text: LOCK }, { text: own }, 'x86_64');
    expect(done).toEqual({ code: 1, stdout: '', stderr: `${said}\n` });
  });

  it.each([[['merge', 'onnx']], [['version', 'tensorrt', 'x86_64', 'lock']], [['applies', 'no/such/file']], [[]]])(
    'needs arguments that it has: %j',
    async (args) => {
      const done = await room(...args);
      expect(done.code).toBe(1);
      expect(done.stdout).toBe('');
      expect(done.stderr).toMatch(/^(arguments: got .*; expected applies OWN, .*|.*No such file.*)\n$/);
    },
  );
});
