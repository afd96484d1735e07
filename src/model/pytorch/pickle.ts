import { RefusedModel } from '../facts.ts';
import { isAllowedClass } from './script-code.ts';

/** One operation of a pickle; nothing is ever run. */
export interface Operation {
  readonly code: number;
  /** Of operations that push or name something. */
  readonly value: string | number | null;
}

type Argument =
  | 'none'
  | 'line'
  | 'lines'
  | 'text1'
  | 'text4'
  | 'bytes1'
  | 'bytes4'
  | 'int1'
  | 'int2'
  | 'int4'
  | 'eight';

function table(...rows: readonly (readonly [Argument, string | readonly number[]])[]): ReadonlyMap<number, Argument> {
  return new Map(
    rows.flatMap(([argument, codes]) =>
      (typeof codes === 'string' ? [...Buffer.from(codes, 'latin1')] : codes).map((code) => [code, argument] as const),
    ),
  );
}

/**
 * What torch writes for tensors, containers and plain values: none but `R` (REDUCE), 0x81 (NEWOBJ) and `b` (BUILD) call, and only what
 * a `c` (GLOBAL) named. Codes: pickletools of Python.
 */
const ARGUMENTS = table(
  ['none', '.(0})]tusealdNRbQ'],
  ['none', [0x85, 0x86, 0x87, 0x81, 0x88, 0x89, 0x8f, 0x94]],
  ['line', 'I'],
  ['lines', 'c'],
  ['int1', 'Kqh'],
  ['int1', [0x80]],
  ['int2', 'M'],
  ['int4', 'Jrj'],
  ['eight', 'G'],
  ['text1', 'U'],
  ['text1', [0x8c]],
  ['text4', 'XT'],
  ['bytes1', [0x8a]],
  ['bytes4', [0x8b]],
);
const STOP = 0x2e;

/** The operations of a pickle up to its end. @throws RefusedModel for others than those that rebuild tensors */
export function* operationsOf(bytes: Buffer, name: string): Generator<Operation> {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error(`its pickle ${name} ends early`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end === -1) throw new Error(`its pickle ${name} ends early`);
    const text = take(end - at).toString('latin1');
    at += 1;
    return text;
  };
  const argument = (kind: Argument): string | number | null => {
    switch (kind) {
      case 'none':
        return null;
      case 'line':
        return line();
      case 'lines':
        return `${line()}.${line()}`;
      case 'text1':
        return take(take(1).readUInt8()).toString();
      case 'text4':
        return take(take(4).readUInt32LE()).toString();
      case 'bytes1':
        take(take(1).readUInt8());
        return null;
      case 'bytes4':
        take(take(4).readUInt32LE());
        return null;
      case 'int1':
        return take(1).readUInt8();
      case 'int2':
        return take(2).readUInt16LE();
      case 'int4':
        return take(4).readInt32LE();
      case 'eight':
        return take(8).readDoubleBE();
    }
  };
  for (;;) {
    const code = take(1).readUInt8();
    const kind = ARGUMENTS.get(code);
    if (kind === undefined) throw refused(name, `operation 0x${code.toString(16)}`);
    yield { code, value: argument(kind) };
    if (code === STOP) return;
  }
}

function refused(name: string, what: string): RefusedModel {
  return new RefusedModel(
    `holds a pickle that is more than tensors: ${name} has ${what}`,
    'A pickle can run code: AYCI reads none beyond what torch itself writes for tensors.',
  );
}

export const GLOBAL = 0x63;
/** They make and change objects of the archive's own classes. */
const NEWOBJ = 0x81;
const BUILD = 0x62;
const TEXTS = new Set([...Buffer.from('UXT', 'latin1'), 0x8c]);
/** Keys and names of storages: what torch could write into source that it runs. */
const PLAIN = /^[\p{L}\p{N}_ ./:+-]*$/u;
const TENSORS =
  /^(?:collections\.OrderedDict|torch\._utils\._rebuild_(?:tensor_v2|qtensor|parameter)|torch\.(?:\w+Storage|device|Size|[a-z]+\d+|bool|per_(?:tensor|channel)_affine)|torch\.storage\.(?:Typed|Untyped)Storage)$/;
/** What torch.jit writes beside tensors; classes below `__torch__` are those of the archive's own code. */
const SCRIPTED = /^(?:__torch__(?:\.\w+)+|torch\.jit\._pickle\.(?:build_\w+|restore_type_tag))$/;

/**
 * Looks through a pickle without running it.
 * @param scripted whether it is one of TorchScript's, which also names the archive's own classes
 * @throws RefusedModel for one that asks for more than tensors
 */
export function checkPickle(bytes: Buffer, name: string, scripted: boolean): void {
  for (const { code, value } of operationsOf(bytes, name)) {
    if (!scripted && (code === NEWOBJ || code === BUILD)) throw refused(name, `operation 0x${code.toString(16)}`);
    if (!scripted && TEXTS.has(code) && !PLAIN.test(String(value)))
      throw refused(name, `a text that is no plain name: ${JSON.stringify(String(value).slice(0, 80))}`);
    if (code !== GLOBAL) continue;
    const target = String(value);
    if (TENSORS.test(target) || (scripted && SCRIPTED.test(target) && isAllowedClass(target))) continue;
    throw refused(name, JSON.stringify(target.slice(0, 80)));
  }
}
