import { describe, expect, it } from 'vitest';
import { appliesTo, parseOwnRequirements } from '../../../../src/target/local/own-requirements.ts';
import { BAD, GOOD, hashOf } from '../../../support/own-requirements.ts';

const HASH = hashOf('a');
const PLACE = '--runtime-requirements: "f"';

describe("a user's own requirements", () => {
  it.each(GOOD)('are read: %s', (_, text, read) => {
    const own = parseOwnRequirements(text, PLACE);
    expect(own.text.split('\n')).toEqual([...read, '']);
    expect([...own.packages]).toEqual([...new Set(read.map((line) => line.split('==')[0]))]);
  });

  it('apply to the environments whose library they pin, serving and converting', () => {
    const own = parseOwnRequirements(`tensorflow-cpu==2.20.0 ${HASH}\nnumpy==2.0.0 ${HASH}`, 'f');
    const names = ['onnx', 'pytorch', 'tensorflow', 'tensorflow-convert', 'tvm', 'tiny'];
    expect(names.filter((name) => appliesTo(own, name))).toEqual(['tensorflow', 'tensorflow-convert']);
  });

  it.each(BAD)('are refused with the place: %s', (_, text, said) => {
    expect(() => parseOwnRequirements(text, PLACE)).toThrow(
      expect.objectContaining({ code: 'bad-input', message: expect.stringContaining(`${PLACE}: ${said}`) }),
    );
  });
});
