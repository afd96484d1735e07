/** Lambda hands back this much of the end of a log. */
const TAIL_BYTES = 4096;
const KEEP_BYTES = 64 * 1024;

/** The end of what a sandbox wrote, since the last time it was cleared. */
export class LogTail {
  #bytes = Buffer.alloc(0);
  /** All bytes ever added: tells whether something came in. */
  total = 0;

  add(chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.total += bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(-KEEP_BYTES);
  }

  /** Starts a new line, so that the platform's own lines are never glued to a handler's. */
  addLine(line: string): void {
    const glued = this.#bytes.length > 0 && this.#bytes.at(-1) !== 0x0a;
    this.add(`${glued ? '\n' : ''}${line}\n`);
  }

  text(): string {
    return this.#bytes.toString();
  }

  tail(): Buffer {
    return Buffer.from(this.#bytes.subarray(-TAIL_BYTES));
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0);
  }
}
