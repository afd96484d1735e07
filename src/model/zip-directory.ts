import { RefusedModel } from './facts.ts';
import type { Bytes } from './zip.ts';
import { findDirectory, longAt } from './zip-end.ts';

/** A member of a zip archive. Its name is as it stands, byte by byte, whatever an extra field says. */
export interface Member {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** File type and permissions as Unix has them. */
  readonly mode: number;
  /** Where its own header begins, and the bytes behind that. */
  readonly offset: number;
  readonly data: number;
}

type Listed = Omit<Member, 'data'>;

const ENTRY = 46;
const HEADER = 30;
const MAX32 = 0xffffffff;
const DESCRIBED = 0x8;
const ZIP64 = 0x0001;
/** What torch aligns tensors by. */
const PADDING = 0x4246;
const AGAIN = 'Save the model again by torch.';

/**
 * The members that a zip archive lists, in its order.
 * @param check what is asked of each before its own header is read
 * @throws Error or RefusedModel where another reader could find other members, names or bytes
 */
export async function readMembers(
  bytes: Bytes,
  check: (members: readonly Listed[]) => void,
): Promise<readonly Member[]> {
  const { offset, size, count } = await findDirectory(bytes);
  const listed = listedIn(await bytes.read(offset, offset + size), count);
  check(listed);
  const data = new Map<Listed, number>();
  let end = 0;
  for (const member of [...listed].sort((a, b) => a.offset - b.offset)) {
    if (member.offset < end) throw new RefusedModel('is an archive whose members overlap', AGAIN);
    if (end === 0 && member.offset > 0) throw new Error('its zip archive has something before its first member');
    const start = await dataOf(bytes, member);
    end = start + member.packed;
    if (end > offset) throw new RefusedModel('is an archive whose members reach into its directory', AGAIN);
    data.set(member, start);
  }
  return listed.map((member) => ({ ...member, data: data.get(member) ?? 0 }));
}

function listedIn(directory: Buffer, count: number): readonly Listed[] {
  const members: Listed[] = [];
  let at = 0;
  while (members.length < count && at + ENTRY <= directory.length) {
    const entry = directory.subarray(at);
    const nameEnd = ENTRY + entry.readUInt16LE(28);
    const extraEnd = nameEnd + entry.readUInt16LE(30);
    at += extraEnd + entry.readUInt16LE(32);
    if (entry.readUInt32LE(0) !== 0x02014b50 || at > directory.length || entry.readUInt16LE(34) !== 0) break;
    const name = entry.toString('latin1', ENTRY, nameEnd);
    const [size = 0, packed = 0, offset = 0] = longer(
      [24, 20, 42].map((from) => entry.readUInt32LE(from)),
      extrasOf(entry.subarray(nameEnd, extraEnd), name),
      name,
    );
    members.push({
      name,
      flags: entry.readUInt16LE(8),
      method: entry.readUInt16LE(10),
      crc: entry.readUInt32LE(16),
      packed,
      size,
      mode: entry.readUInt16LE(40),
      offset,
    });
  }
  if (members.length !== count || at !== directory.length)
    throw new Error(`its zip directory does not hold the ${count} members that it should, and no more`);
  return members;
}

/** Where the bytes of a member begin. @throws where its own header says other things than the directory */
async function dataOf(bytes: Bytes, { name, flags, method, crc, packed, size, offset }: Listed): Promise<number> {
  const nameEnd = HEADER + name.length;
  const header = await bytes.read(offset, offset + nameEnd);
  const start = nameEnd + header.readUInt16LE(28);
  const extras = extrasOf(await bytes.read(offset + nameEnd, offset + start), name);
  const isSame =
    header.readUInt32LE(0) === 0x04034b50 &&
    header.readUInt16LE(26) === name.length &&
    header.toString('latin1', HEADER) === name &&
    header.readUInt16LE(6) === flags &&
    header.readUInt16LE(8) === method;
  const told = [header.readUInt32LE(14), header.readUInt32LE(22), header.readUInt32LE(18)];
  // Who writes them as a stream, as torch does, tells them behind the bytes.
  const isLeftOut = (flags & DESCRIBED) !== 0 && told.every((value) => value === 0);
  const [full, ...sizes] = isLeftOut ? [crc, size, packed] : [told[0], ...longer(told.slice(1), extras, name)];
  if (!isSame || full !== crc || sizes[0] !== size || sizes[1] !== packed)
    throw refusedMember(name, 'whose own header says other things than the directory');
  return offset + start;
}

/** Sizes and places with those of zip64 in it. @throws RefusedModel where one is missing, or more is there */
function longer(values: readonly number[], extras: ReadonlyMap<number, Buffer>, name: string): readonly number[] {
  const field = extras.get(ZIP64) ?? Buffer.of();
  const large = values.filter((value) => value === MAX32).length;
  if (field.length !== 8 * large) throw refusedMember(name, 'whose sizes of zip64 do not fit its header');
  let at = -8;
  return values.map((value) => {
    if (value !== MAX32) return value;
    at += 8;
    return longAt(field, at);
  });
}

/** @throws RefusedModel for fields that torch does not write, such as another name (0x7075) */
function extrasOf(bytes: Buffer, name: string): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const isWhole = at + 4 <= bytes.length;
    const id = isWhole ? bytes.readUInt16LE(at) : 0;
    const end = at + 4 + (isWhole ? bytes.readUInt16LE(at + 2) : 0);
    if (end > bytes.length || (id !== ZIP64 && id !== PADDING) || found.has(id))
      throw refusedMember(name, `with the extra field 0x${id.toString(16).padStart(4, '0')}`);
    found.set(id, bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** Of a member: `how` goes on after its name. */
export function refusedMember(name: string, how: string): RefusedModel {
  return new RefusedModel(`has ${JSON.stringify(name.slice(0, 80))} ${how} in it`, AGAIN);
}
