import { elementsOf } from '../facts.ts';
import type { Bytes } from '../zip.ts';

/** What a file of parameters says: by names such as `arg:fc_weight` and `aux:bn_moving_mean`. */
export interface Params {
  readonly names: readonly string[];
  readonly elements: number;
}

/** src/c_api/c_api.cc and src/ndarray/ndarray.cc of MXNet 1.9. */
const LIST = 0x112n;
const V1 = 0xf993fac8;
const V2 = 0xf993fac9;
const V3 = 0xf993faca;
const DENSE = 0;
/** Bytes of an element by type flag (mshadow/base.h): float32, float64, float16, uint8, int32, int8, int64, bool, …, bfloat16. */
const SIZES = [4, 8, 2, 1, 4, 1, 8, 1, 2, 2, 4, 8, 2];
/** Ten times as many as the largest models have. */
const MOST_ARRAYS = 100_000;
const MOST_AXES = 32;
const LONGEST_NAME = 4096;
const BLOCK = 2 ** 14;

/** Reads as a stream does, without the tensors themselves. */
class Reader {
  readonly #bytes: Bytes;
  #at = 0;
  #block: Buffer = Buffer.alloc(0);
  #blockAt = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  async take(length: number): Promise<Buffer> {
    const begin = this.#at - this.#blockAt;
    if (begin + length > this.#block.length) return this.#takeAnew(length);
    this.#at += length;
    return this.#block.subarray(begin, begin + length);
  }

  async #takeAnew(length: number): Promise<Buffer> {
    const end = Math.min(this.#bytes.size, this.#at + BLOCK);
    this.#block = await this.#bytes.read(this.#at, Math.max(end, this.#at + length));
    this.#blockAt = this.#at;
    this.#at += length;
    return this.#block.subarray(0, length);
  }

  async int(): Promise<number> {
    return (await this.take(4)).readInt32LE();
  }

  async count(most: number, what: string): Promise<number> {
    const count = (await this.take(8)).readBigUInt64LE();
    if (count > BigInt(most)) throw new Error(`it has ${count} ${what}`);
    return Number(count);
  }

  skip(length: number): void {
    this.#at += length;
    if (this.#at > this.#bytes.size) throw new Error('it ends early');
  }

  get rest(): number {
    return this.#bytes.size - this.#at;
  }
}

/** The names and sizes in a `.params`. @throws Error */
export async function readParams(bytes: Bytes): Promise<Params> {
  const reader = new Reader(bytes);
  if ((await reader.take(8)).readBigUInt64LE() !== LIST) throw new Error('it does not begin as parameters of MXNet do');
  await reader.take(8);
  const arrays = await reader.count(MOST_ARRAYS, 'arrays');
  let elements = 0;
  for (let index = 0; index < arrays; index += 1) elements += await skipArray(reader);
  const count = await reader.count(MOST_ARRAYS, 'names');
  if (count !== arrays) throw new Error(`it has ${arrays} arrays and ${count} names`);
  const names: string[] = [];
  for (let index = 0; index < count; index += 1)
    names.push((await reader.take(await reader.count(LONGEST_NAME, 'characters in a name'))).toString());
  if (reader.rest > 0) throw new Error(`it goes on for ${reader.rest} bytes after its names`);
  return { names, elements };
}

/** Elements of the array that was passed over. */
async function skipArray(reader: Reader): Promise<number> {
  const magic = (await reader.take(4)).readUInt32LE();
  if (magic === V2 || magic === V3) {
    const storage = await reader.int();
    if (storage !== DENSE) throw new Error('it has a sparse array; AYCI reads dense ones');
  }
  const dims: number[] = [];
  if (magic === V1 || magic === V2 || magic === V3) {
    const axes = await reader.int();
    if (axes < 0 || axes > MOST_AXES) throw new Error(`it has an array of ${axes} dimensions`);
    for (let axis = 0; axis < axes; axis += 1) dims.push(Number((await reader.take(8)).readBigInt64LE()));
    // An array that was never made: nothing follows. In V3 a shape without axes is a number's.
    if (axes === 0 && magic !== V3) return 0;
  } else {
    if (magic > MOST_AXES) throw new Error(`it has an array of ${magic} dimensions`);
    for (let axis = 0; axis < magic; axis += 1) dims.push((await reader.take(4)).readUInt32LE());
    if (magic === 0) return 0;
  }
  await reader.take(8);
  const flag = await reader.int();
  const size = SIZES[flag];
  if (size === undefined) throw new Error(`it has an array of element type ${flag}`);
  const elements = elementsOf(dims);
  reader.skip(elements * size);
  return elements;
}
