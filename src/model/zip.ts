import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { RefusedModel } from './facts.ts';
import { type Member, readMembers, refusedMember } from './zip-directory.ts';

/** A zip archive whose directory was looked through; members are unpacked in memory, one by one. */
export interface Archive {
  /** By name without the root folder that all of them share (torch writes one); '' where they share none. */
  readonly root: string;
  readonly members: ReadonlyMap<string, Member>;
  /** @throws Error where it is missing, damaged or larger than `limit` bytes */
  read(name: string, limit: number): Promise<Buffer>;
}

/** Bytes somewhere: a file, a part of one. */
export interface Bytes {
  readonly size: number;
  /** @throws Error where they end before `end` */
  read(start: number, end: number): Promise<Buffer>;
}

/** torch stores tensors as they are: only code and small records are deflated, to a tenth or so. */
const MOST_INFLATED = 100;
const FREE = 2 ** 20;
const STORED = 0;
const DEFLATED = 8;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const ENCRYPTED = 0x1;
/** By which a name or more is hidden, or patched: strong encryption, and the like. */
const ODD_FLAGS = ~0x80e & 0xffff;

/** Opens a file for reading parts of it, for as long as `work` takes. */
export async function withBytes<T>(path: string, work: (bytes: Bytes) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = async (start: number, end: number): Promise<Buffer> => {
      if (start < 0 || end > size || end < start) throw new Error('it ends early');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      if (bytesRead < end - start) throw new Error('it ends early');
      return buffer;
    };
    return await work({ size, read });
  } finally {
    await file.close();
  }
}

/**
 * The archive that bytes are. Refused: what two readers could see differently (two directories, doubled or odd names,
 * headers that differ, members that overlap), links, encryption, and what unpacks to too much.
 * @throws Error or RefusedModel that says what is wrong
 */
export async function openArchive(bytes: Bytes): Promise<Archive> {
  const listed = await readMembers(bytes, (found) => checkMembers(found, bytes.size));
  const root = commonRoot(listed);
  const members = new Map(listed.map((member) => [member.name.slice(root.length), member]));
  return {
    root,
    members,
    read: async (name, limit) => {
      const member = members.get(name);
      if (member === undefined) throw new Error(`it has no member ${name}`);
      if (member.size > limit)
        throw new RefusedModel(`has a member ${name} of ${member.size} bytes`, `At most ${limit} are read.`);
      return unpacked(bytes, member);
    },
  };
}

type Listed = Omit<Member, 'data'>;

function checkMembers(members: readonly Listed[], size: number): void {
  // torch's reader does not tell upper from lower case.
  const names = new Set<string>();
  let packed = 0;
  let inflated = 0;
  for (const member of members) {
    checkMember(member);
    const name = member.name.toLowerCase();
    if (names.has(name)) throw refusedMember(member.name, 'twice');
    names.add(name);
    packed += member.packed;
    if (packed > size) throw new RefusedModel('is an archive whose members overlap', 'Export the model again.');
    inflated += member.method === STORED ? 0 : member.size;
    if (inflated > FREE + MOST_INFLATED * size)
      throw new RefusedModel(
        `unpacks to more than ${MOST_INFLATED} times its size`,
        'Export the model again: torch stores tensors as they are.',
      );
  }
}

function checkMember({ name, flags, method, mode, packed, size }: Listed): void {
  const kind = mode & S_IFMT;
  if (kind !== 0 && kind !== S_IFREG) throw refusedMember(name, 'as a link or device');
  if ((flags & ENCRYPTED) !== 0) throw refusedMember(name, 'encrypted');
  if ((flags & ODD_FLAGS) !== 0) throw refusedMember(name, `with the flags 0x${flags.toString(16)}`);
  if (!/^[ -[\]-~]+$/.test(name)) throw refusedMember(name, 'by an odd name');
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw refusedMember(name, 'by a name that leads elsewhere');
  if (method !== STORED && method !== DEFLATED) throw refusedMember(name, `by compression method ${method}`);
  if (method === STORED && packed !== size) throw refusedMember(name, 'with two sizes');
}

/** With its slash; '' where not all members lie in one folder. */
function commonRoot(members: readonly Member[]): string {
  const roots = new Set(members.map(({ name }) => name.slice(0, name.indexOf('/') + 1)));
  const [root = ''] = roots;
  return roots.size === 1 ? root : '';
}

/** What deflate may add to bytes that it cannot make smaller. */
const mostPacked = (size: number) => 2 * size + 2 ** 16;
const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** @throws Error where they are other bytes than the directory says, or more or less of them */
async function unpacked(bytes: Bytes, { name, method, packed, size, crc, data }: Member): Promise<Buffer> {
  if (packed > mostPacked(size)) throw new Error(`its member ${name} is larger packed than it can be`);
  const stored = await bytes.read(data, data + packed);
  const whole = method === STORED ? stored : await inflated(stored, size, name);
  if (whole.length !== size) throw new Error(`its member ${name} has another size than its directory says`);
  if (crc32(whole) !== crc) throw new Error(`the checksum of its member ${name} is wrong`);
  return whole;
}

async function inflated(packed: Buffer, size: number, name: string): Promise<Buffer> {
  try {
    return await inflate(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw new Error(`its member ${name} cannot be unpacked to the ${size} bytes that its directory says`);
  }
}

/** A stored member as bytes of their own: an archive within the archive, for example. */
export async function memberBytes(archive: Archive, name: string, limit: number): Promise<Bytes> {
  const bytes = await archive.read(name, limit);
  return {
    size: bytes.length,
    read: async (start, end) => {
      if (start < 0 || end > bytes.length || end < start) throw new Error(`its member ${name} ends early`);
      return bytes.subarray(start, end);
    },
  };
}
