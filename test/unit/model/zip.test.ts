import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/model/load.ts';
import { operatorsIn } from '../../../src/model/pytorch/script-code.ts';
import { openArchive, withBytes } from '../../../src/model/zip.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { refusalOf } from '../../support/refusal.ts';
import { changed, unzipped } from '../../support/unzip.ts';
import { endOf, entryOf, localOf, type ZipFile, zipOf } from '../../support/zip.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const CONFIG = 'image/data/weights/model_weights_config.json';
const WEIGHT = 'image/data/weights/weight_0';
const SAMPLES = 'image/data/sample_inputs/model.pt';
const HARMLESS = 'image/extra/harmless';

/** A weight that is to be unpickled, and the list of weights that says so. */
interface Payload {
  readonly config: ZipFile;
  readonly weight: ZipFile;
}
type Files = readonly ZipFile[];

const others = (sound: Files, ...names: readonly string[]) => sound.filter(({ name }) => !names.includes(name));
const hostile = (sound: Files, { config, weight }: Payload) => [...others(sound, CONFIG, WEIGHT), config, weight];

/** Where each of some files begins when they lie one behind the other. */
function offsets(files: Files, from = 0): readonly number[] {
  let at = from;
  return files.map((file) => {
    at += localOf(file).length;
    return at - localOf(file).length;
  });
}

/** The extra field 0x7075: a name in Unicode, in place of the one that stands there. */
function otherName(raw: string, shown: string): Buffer {
  const begin = Buffer.alloc(9);
  begin.writeUInt16LE(0x7075, 0);
  begin.writeUInt16LE(5 + shown.length, 2);
  begin.writeUInt8(1, 4);
  begin.writeUInt32LE(crc32(raw), 5);
  return Buffer.concat([begin, Buffer.from(shown)]);
}

/** With the payload in the one where its offset says; who goes by the size finds another, right before the end. */
function twoDirectories(sound: Files, payload: Payload): Buffer {
  const pad: ZipFile = { name: HARMLESS, bytes: Buffer.of(), packed: Buffer.alloc(9000) };
  const lying = [pad, ...sound, payload.config, payload.weight];
  const places = offsets(lying);
  const place = (file: ZipFile) => places[lying.indexOf(file)] ?? 0;
  const listed = Buffer.concat(hostile(sound, payload).map((file) => entryOf(file, place(file))));
  const shown = (gap: number) =>
    Buffer.concat(
      sound.map((file, index) => entryOf(file, place(file) - listed.length, Buffer.alloc(index === 0 ? gap : 0))),
    );
  const padded = shown(Math.max(0, listed.length - shown(0).length));
  const locals = Buffer.concat(lying.map(localOf));
  return Buffer.concat([locals, listed, padded, endOf(sound.length, listed.length, locals.length)]);
}

/** Of zip64: one that its locator names, and one right before it. */
function twoLargeEnds(sound: Files, payload: Payload): Buffer {
  const lying = [...sound, payload.config, payload.weight];
  const places = offsets(lying);
  const listing = (files: Files) => Buffer.concat(files.map((file) => entryOf(file, places[lying.indexOf(file)] ?? 0)));
  const locals = Buffer.concat(lying.map(localOf));
  const hidden = listing(hostile(sound, payload));
  const shown = listing(sound);
  const first = largeEnd(sound.length, hidden.length, locals.length);
  const second = largeEnd(sound.length, shown.length, locals.length + hidden.length + first.length);
  const parts = [locals, hidden, first, shown, second, locator(locals.length + hidden.length)];
  return Buffer.concat([...parts, endOf(0xffff, 0xffffffff, 0xffffffff)]);
}

function largeEnd(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(56);
  end.writeUInt32LE(0x06064b50, 0);
  for (const [index, value] of [44, 0, 0, count, count, size, offset].entries())
    if (value > 0) end.writeBigUInt64LE(BigInt(value), [4, 12, 16, 24, 32, 40, 48][index] ?? 0);
  return end;
}

function locator(offset: number): Buffer {
  const found = Buffer.alloc(20);
  found.writeUInt32LE(0x07064b50, 0);
  found.writeBigUInt64LE(BigInt(offset), 8);
  found.writeUInt32LE(1, 16);
  return found;
}

/** The payload lies in the bytes of a harmless member. */
function memberInMember(sound: Files, { config, weight }: Payload): Buffer {
  const inner = Buffer.concat([config, weight].map(localOf));
  const outer: ZipFile = { name: HARMLESS, bytes: inner, packed: inner };
  const lying = [outer, ...others(sound, CONFIG, WEIGHT)];
  const from = localOf(outer).length - inner.length;
  const places = [...offsets(lying), ...offsets([config, weight], from)];
  const listed = Buffer.concat([...lying, config, weight].map((file, index) => entryOf(file, places[index] ?? 0)));
  const locals = Buffer.concat(lying.map(localOf));
  return Buffer.concat([locals, listed, endOf(places.length, listed.length, locals.length)]);
}

function unlistedBeginning(sound: Files, payload: Payload): Buffer {
  const first = localOf({ name: HARMLESS, bytes: Buffer.of(1) });
  const files = hostile(sound, payload);
  const places = offsets(files, first.length);
  const listed = Buffer.concat(files.map((file, index) => entryOf(file, places[index] ?? 0)));
  const locals = Buffer.concat([first, ...files.map(localOf)]);
  return Buffer.concat([locals, listed, endOf(files.length, listed.length, locals.length)]);
}

const differs = 'whose own header says other things than the directory';
const TRICKS: Readonly<Record<string, readonly [(sound: Files, payload: Payload) => Buffer, string]>> = {
  'no trick': [(sound, payload) => zipOf(hostile(sound, payload)), 'asks for pickle'],
  'two directories': [twoDirectories, 'its zip directory does not end at its end record, got '],
  'two end records of zip64': [twoLargeEnds, 'the zip64 end record of its archive is not right before its locator'],
  'another name in the directory': [
    (sound, { config, weight }) =>
      zipOf([
        ...others(sound, CONFIG, WEIGHT),
        { ...config, extra: otherName(CONFIG, HARMLESS) },
        { ...sound.find(({ name }) => name === CONFIG), name: HARMLESS, extra: otherName(HARMLESS, CONFIG) } as ZipFile,
        weight,
      ]),
    'with the extra field 0x7075 in it',
  ],
  'another name in its own header': [
    (sound, { config, weight }) =>
      zipOf([...others(sound, CONFIG, WEIGHT), { ...config, own: { extra: otherName(CONFIG, HARMLESS) } }, weight]),
    'with the extra field 0x7075 in it',
  ],
  'an own header of another name': [
    (sound, { config, weight }) =>
      zipOf([...others(sound, CONFIG, WEIGHT), { ...config, own: { name: HARMLESS } }, weight]),
    differs,
  ],
  'an own header of another method': [
    (sound, { config, weight }) => zipOf([...others(sound, CONFIG, WEIGHT), { ...config, own: { method: 0 } }, weight]),
    differs,
  ],
  'an own header of another checksum': [
    (sound, { config, weight }) => zipOf([...others(sound, CONFIG, WEIGHT), { ...config, own: { crc: 1 } }, weight]),
    differs,
  ],
  'a member in a member': [memberInMember, 'is an archive whose members overlap'],
  'an unlisted beginning': [unlistedBeginning, 'has something before its first member'],
  'fewer members than are listed': [
    (sound, payload) => zipOf(hostile(sound, payload), sound.length - 1),
    'its zip directory does not hold the 17 members that it should',
  ],
  'more members than are listed': [
    (sound, payload) => zipOf(hostile(sound, payload), sound.length + 1),
    'its zip directory does not hold the 19 members that it should',
  ],
  'sample inputs in upper case': [
    (sound, { weight }) => zipOf([...others(sound, SAMPLES), { ...weight, name: SAMPLES.replace('.pt', '.PT') }]),
    'has an unknown member, got "data/sample_inputs/model.PT"',
  ],
};

async function soundFiles(): Promise<Files> {
  const members = await unzipped(await readFile(fixture('image.pt2')));
  return [...members].map(([name, bytes]) => ({ name, bytes }));
}

describe('an archive that two readers could see differently', () => {
  it.each(Object.keys(TRICKS))('by %s is refused, and its payload does not run', async (name) => {
    await using folder = await temporaryFolder();
    const mark = join(folder.path, 'ran');
    const sound = await soundFiles();
    const list = String(sound.find((file) => file.name === CONFIG)?.bytes);
    const evil = Buffer.from(`cbuiltins\nopen\n(S'${mark}'\nS'w'\ntR.`);
    const [make, part] = TRICKS[name] ?? [() => Buffer.of(), ''];
    const bytes = make(sound, {
      config: { name: CONFIG, bytes: Buffer.from(list.replace('"use_pickle": false', '"use_pickle": true')) },
      weight: { name: WEIGHT, bytes: evil },
    });
    const path = join(folder.path, 'm.pt2');
    await writeFile(path, bytes);
    expect(await refusalOf(loadModel(path, '--model'))).toContain(part);
    expect(existsSync(mark)).toBe(false);
    execFileSync('python3', ['-c', 'import pickle, sys; pickle.load(sys.stdin.buffer)'], { input: evil });
    expect(existsSync(mark)).toBe(true);
  });
});

describe('a zip archive', () => {
  const read = async (bytes: Buffer) =>
    openArchive({ size: bytes.length, read: async (start, end) => bytes.subarray(start, end) });
  const one: ZipFile = { name: 'm/data.pkl', bytes: Buffer.from('N.') };

  /** The field of zip64, of some numbers. */
  function large(...values: readonly number[]): Buffer {
    const field = Buffer.alloc(4 + 8 * values.length);
    field.writeUInt16LE(1, 0);
    field.writeUInt16LE(8 * values.length, 2);
    for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
    return field;
  }

  it.each(['image.pt2', 'tokens.pt2', 'scripted.pt', 'traced.pt', 'weights.pt'])(
    'as torch wrote %s is read',
    async (name) => {
      const members = await unzipped(await readFile(fixture(name)));
      await withBytes(fixture(name), async (bytes) => {
        const archive = await openArchive(bytes);
        for (const [member, content] of members)
          expect(await archive.read(member.slice(archive.root.length), 2 ** 20)).toEqual(content);
        expect(archive.members.size).toBe(members.size);
      });
    },
  );

  it('tells its sizes by zip64', async () => {
    const local = localOf(one);
    const entry = entryOf({ ...one, extra: large(2, local.length - 40, 0) }, 0xffffffff);
    entry.fill(0xff, 20, 28);
    const listed = Buffer.concat([local, entry, largeEnd(1, entry.length, local.length)]);
    const end = endOf(0xffff, 0xffffffff, 0xffffffff);
    const bytes = Buffer.concat([listed, locator(local.length + entry.length), end]);
    expect(String(await (await read(bytes)).read('data.pkl', 9))).toBe('N.');
    const other = Buffer.concat([listed, locator(local.length + entry.length), endOf(2, 0xffffffff, 0xffffffff)]);
    await expect(read(other)).rejects.toThrow('two end records that differ');
  });

  it('whose sizes of zip64 are not asked for is refused', async () => {
    await expect(read(zipOf([{ ...one, extra: large(2) }]))).rejects.toThrow('whose sizes of zip64 do not fit');
  });

  it.each([
    ['an unknown extra field', Buffer.from('55540000', 'hex'), '0x5455'],
    ['one that is cut', Buffer.from('464209005a', 'hex'), '0x4246'],
    ['one twice', Buffer.from('4642000046420000', 'hex'), '0x4246'],
    ['half a field', Buffer.from('464200', 'hex'), '0x0000'],
  ])('with %s is refused', async (_name, extra, part) => {
    await expect(read(zipOf([{ ...one, extra }]))).rejects.toThrow(`with the extra field ${part} in it`);
    await expect(read(zipOf([{ ...one, own: { extra } }]))).rejects.toThrow(`with the extra field ${part} in it`);
  });

  it('whose data reaches into its directory is refused', async () => {
    const bytes = zipOf([one, { ...one, name: 'm/b' }]);
    const grow = (at: number) => bytes.writeUInt32LE(bytes.readUInt32LE(at) + 4, at);
    grow(bytes.lastIndexOf('PK\x01\x02') + 20);
    grow(bytes.lastIndexOf('PK\x03\x04') + 18);
    await expect(read(bytes)).rejects.toThrow('whose members reach into its directory');
  });
});

describe('TorchScript', () => {
  it.each(['code/__torch__/a.PY', 'x.PKL', 'code/a.so'])('with %s is refused', async (name) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'm.pt');
    await writeFile(path, await changed(await readFile(fixture('traced.pt')), { [name]: 'torch.save(1, "/tmp/x")' }));
    expect(await refusalOf(loadModel(path, '--model'))).toMatch(/has an unknown member, got|holds compiled code/);
  });

  it('with more code than any model has is refused', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'm.pt');
    const code = Buffer.alloc(40 * 2 ** 20, ' ');
    // Which leave room for what the code unpacks to.
    const weights = randomBytes(2 ** 20);
    const files = await changed(await readFile(fixture('traced.pt')), {
      'code/a.py': code,
      'code/b.py': code,
      'data/99': weights,
    });
    await writeFile(path, files);
    expect(await refusalOf(loadModel(path, '--model'))).toMatch(
      /has too much code, got \d+ bytes; expected at most 67108864/,
    );
  });

  it('with attributes of attributes is looked through in one pass', () => {
    const depth = 60_000;
    // By the square of their number, this would take minutes.
    expect([...operatorsIn(`${'getattr('.repeat(depth)}x${', "a")'.repeat(depth)}`)]).toEqual([]);
    expect([...operatorsIn(`${'__torch__...'.repeat(depth)}x`)]).toEqual([]);
  });

  it.each(['(x', 'x)', '(x]', 'getattr(x, "a"', 'getattr(x, y)'])('with %s in its code is refused', (code) => {
    expect(() => [...operatorsIn(code)]).toThrow('has code that torch does not write');
  });
});
