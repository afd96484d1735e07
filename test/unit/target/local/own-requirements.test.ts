import { describe, expect, it } from 'vitest';
import { appliesTo, parseOwnRequirements } from '../../../../src/target/local/own-requirements.ts';

const HASH = `--hash=sha256:${'a'.repeat(64)}`;

describe("a user's own requirements", () => {
  it('are read as pip-compile and uv write them', () => {
    const own = parseOwnRequirements(
      `# made by uv\ntorch==2.12.1 ; sys_platform == 'linux' \\\n    ${HASH} \\\n    ${HASH}\n    # via me\n\nTyping_Extensions==4.1 ${HASH}\n`,
      'f',
    );
    expect([...own.packages]).toEqual(['torch', 'typing-extensions']);
  });

  it('apply to the environments whose library they pin, serving and converting', () => {
    const own = parseOwnRequirements(`tensorflow-cpu==2.20.0 ${HASH}\nnumpy==2.0.0 ${HASH}`, 'f');
    const names = ['onnx', 'pytorch', 'tensorflow', 'tensorflow-convert', 'tvm', 'tiny'];
    expect(names.filter((name) => appliesTo(own, name))).toEqual(['tensorflow', 'tensorflow-convert']);
  });

  it.each([
    ['no hash', 'torch==2.0', 'line 1 is no hash-pinned package'],
    ['no version', `torch ${HASH}`, 'line 1'],
    ['a range', `torch>=2.0 ${HASH}`, 'line 1'],
    ['an address', `torch @ https://host/x.whl ${HASH}`, 'line 1'],
    ['an option', `--index-url https://host/\ntorch==2.0 ${HASH}`, 'line 1'],
    ['another file', `torch==2.0 ${HASH}\n-r other.txt`, 'line 2'],
    ['an option after a comment', `# x\n\n--find-links=.\ntorch==2.0 ${HASH}`, 'line 3'],
    ['an option on a continued line', `torch==2.0 \\\n --pre ${HASH}`, 'line 1'],
    ['a weak hash', 'torch==2.0 --hash=md5:aa', 'line 1'],
    ['nothing that a runtime is about', `requests==2.0 ${HASH}`, 'pins none of'],
    ['nothing', '', 'pins none of'],
    ['too much', 'x'.repeat(2 ** 20 + 1), 'more than 1048576'],
  ])('%s is refused with the place', (_, text, what) => {
    expect(() => parseOwnRequirements(text, '--runtime-requirements: "f"')).toThrow(
      expect.objectContaining({ code: 'bad-input', message: expect.stringContaining(what) }),
    );
    expect(() => parseOwnRequirements(text, '--runtime-requirements: "f"')).toThrow(/^--runtime-requirements: "f": /);
  });
});
