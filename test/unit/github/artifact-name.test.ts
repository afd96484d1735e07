import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactName, pageName, parseArtifactName } from '../../../src/github/artifact-name.ts';

const IDENTITY = { tag: 'ayci', job: 'models', attempt: '2', of: { model: 'm.onnx', arch: 'X64' } };

describe("an artifact's name", () => {
  it('tells legs and attempts apart', () => {
    const names = [
      artifactName(IDENTITY),
      artifactName({ ...IDENTITY, attempt: '3' }),
      artifactName({ ...IDENTITY, job: 'other' }),
      artifactName({ ...IDENTITY, tag: 'other' }),
      artifactName({ ...IDENTITY, of: { model: 'm.onnx', arch: 'ARM64' } }),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toMatch(/^ayci-report-ayci-models-2-[0-9a-f]{12}$/);
  });

  it('says of which leg and attempt it is', () => {
    const [second, third] = [artifactName(IDENTITY), artifactName({ ...IDENTITY, attempt: '3' })];
    expect(parseArtifactName(second)?.attempt).toBe(2);
    expect(parseArtifactName(third)).toEqual({ leg: parseArtifactName(second)?.leg, attempt: 3 });
    expect(parseArtifactName(`${second}.2`)?.leg).toBe(`${parseArtifactName(second)?.leg}.2`);
  });

  it('is no name of a page or of anything else', () => {
    const name = artifactName(IDENTITY);
    expect(pageName(name)).toMatch(/^ayci-page-ayci-models-2-[0-9a-f]{12}\.html$/);
    for (const other of [pageName(name), `${name}.html`, 'ayci-report', 'ayci-report-x', '', `x${name}`, `${name}\n`]) {
      expect(parseArtifactName(other)).toBeNull();
    }
  });

  it('is legal whatever it is made of', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(text, text, text, fc.jsonValue(), (tag, job, attempt, of) => {
        const name = artifactName({ tag, job, attempt, of });
        expect(name).toMatch(/^[A-Za-z0-9._-]{1,200}$/);
        expect(parseArtifactName(name)).not.toBeNull();
      }),
    );
  });
});
