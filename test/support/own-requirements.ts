import { createHash } from 'node:crypto';

/** A hash as requirements write it, made from a seed. */
export function hashOf(seed: string): string {
  return `--hash=sha256:${createHash('sha256').update(seed).digest('hex')}`;
}

const [A, B] = [hashOf('a'), hashOf('b')];

/** Files of own requirements that are taken, and what is read of them. */
export const GOOD: readonly (readonly [what: string, text: string, read: readonly string[]])[] = [
  ['one package', `torch==2.12.1 ${A}\n`, [`torch==2.12.1 ${A}`]],
  [
    'what uv writes, with a marker, comments and lines that go on',
    `# made by uv\ntorch==2.12.1 ; sys_platform == 'linux' \\\n    ${A} \\\n    ${B}\n    # via me\n\nTyping_Extensions==4.1 ${A}\n`,
    [`torch==2.12.1 ; sys_platform == 'linux' ${A} ${B}`, `typing-extensions==4.1 ${A}`],
  ],
  ['names of any spelling', `TensorFlow__CPU==2.20.0 ${A}`, [`tensorflow-cpu==2.20.0 ${A}`]],
  ['line ends of Windows', `onnxruntime==1.23.2 \\\r\n  ${A}\r\n`, [`onnxruntime==1.23.2 ${A}`]],
  ['extras, which nothing is installed for', `torch[opt, x]==2.12.1 ${A}`, [`torch==2.12.1 ${A}`]],
  ['local versions and blanks', `\t torch == 2.12.1+cpu\t${A}\t `, [`torch==2.12.1+cpu ${A}`]],
  ['a comment behind', `torch==2.12.1 ${A} # ours`, [`torch==2.12.1 ${A}`]],
  [
    'one package of several versions, by markers',
    [
      `numpy==2.2.6;python_full_version < '3.12.1' ${A}`,
      `numpy==2.4.6 ; python_version == "3.13.*" and (platform_machine != 'arm64' or os_name not in 'nt java') ${B}`,
      `torch==2.12.1 ${A}`,
    ].join('\n'),
    [
      `numpy==2.2.6 ; python_full_version < '3.12.1' ${A}`,
      `numpy==2.4.6 ; python_version == "3.13.*" and (platform_machine != 'arm64' or os_name not in 'nt java') ${B}`,
      `torch==2.12.1 ${A}`,
    ],
  ],
  ['letters beyond ASCII in a comment', `# für \u{1f600} \u2028 --pre\ntorch==2.12.1 ${A}`, [`torch==2.12.1 ${A}`]],
  ['a coding that pip would believe', `# coding: utf-7 +AAo---pre\ntorch==2.12.1 ${A}`, [`torch==2.12.1 ${A}`]],
];

/** Files that are refused, and what is said of them. */
export const BAD: readonly (readonly [what: string, text: string, said: string])[] = [
  ['no hash', 'torch==2.0', 'line 1 is no hash-pinned package, got "torch==2.0"'],
  ['no version', `torch ${A}`, 'line 1 is no hash-pinned package'],
  ['a range', `torch>=2.0 ${A}`, 'line 1 is no hash-pinned package'],
  ['any version of a kind', `torch==2.* ${A}`, 'line 1 is no hash-pinned package'],
  ['an address', `torch @ https://host/x.whl ${A}`, 'line 1 is no hash-pinned package'],
  ['a bare address', `https://host/torch.whl ${A}`, 'line 1 is no hash-pinned package'],
  ['a folder', `./torch ${A}`, 'line 1 is no hash-pinned package'],
  ['an option', `--index-url https://host/\ntorch==2.0 ${A}`, 'line 1 is no hash-pinned package'],
  ['another file', `torch==2.0 ${A}\n-r other.txt`, 'line 2 is no hash-pinned package, got "-r other.txt"'],
  ['an option after a comment', `# x\n\n--find-links=.\ntorch==2.0 ${A}`, 'line 3 is no hash-pinned package'],
  ['an option on a continued line', `torch==2.0 \\\n --pre ${A}`, 'line 1 is no hash-pinned package'],
  ['an option behind the hashes', `torch==2.0 ${A} --no-binary :all:`, 'line 1 is no hash-pinned package'],
  ['a weak hash', 'torch==2.0 --hash=md5:aa', 'line 1 is no hash-pinned package'],
  ['half a hash', `torch==2.0 ${A.slice(0, -1)}`, 'line 1 is no hash-pinned package'],
  ['two packages on a line', `torch==2.0 ${A} numpy==2.0 ${A}`, 'line 1 is no hash-pinned package'],
  ['a variable of the environment', `torch==\${VERSION} ${A}`, 'line 1 is no hash-pinned package'],
  ['an option behind a separator', `torch==2.0 ${A}\u2028--pre`, 'line 1 is no hash-pinned package'],
  ['a break that only some see', `torch==2.0 ${A}\r--pre`, 'line 1 is no hash-pinned package'],
  ['a blank that is none', `torch==2.0\u00a0${A}`, 'line 1 is no hash-pinned package'],
  ['a line that is never ended', `numpy==2.0 ${A}\ntorch==2.0 \\`, 'line 2 is no hash-pinned package'],
  ['an empty marker', `torch==2.0 ; ${A}`, 'line 1 is no hash-pinned package'],
  ['a marker of no meaning', `torch==2.0 ; linux ${A}`, 'line 1 is no hash-pinned package'],
  ['a marker of an unknown variable', `torch==2.0 ; extra == 'x' ${A}`, 'line 1 is no hash-pinned package'],
  ['a marker that is not closed', `torch==2.0 ; (os_name == 'posix' ${A}`, 'line 1 is no hash-pinned package'],
  [
    'a marker that closes first',
    `torch==2.0 ; (os_name == 'a')) or ((os_name == 'b') ${A}`,
    'line 1 is no hash-pinned package',
  ],
  ['a marker of a version that is none', `torch==2.0 ; python_version < 'x' ${A}`, 'line 1 is no hash-pinned package'],
  ['a marker below any of a kind', `torch==2.0 ; python_version < '3.*' ${A}`, 'line 1 is no hash-pinned package'],
  [
    'a marker that nests without end',
    `torch==2.0 ; ${'('.repeat(21)}os_name == 'a'${')'.repeat(21)} ${A}`,
    'line 1 is no hash-pinned package',
  ],
  ['a package twice', `torch==2.0 ${A}\nTorch==2.1 ${A}`, 'line 2 pins torch again'],
  ['nothing that a runtime is about', `requests==2.0 ${A}`, 'pins none of apache-tvm, apache-tvm-cpu, mxnet, '],
  ['nothing', '', 'pins none of '],
  ['too much', 'x'.repeat(2 ** 20 + 1), 'has 1048577 bytes, more than 1048576'],
];
