/** Both are ten times as many as the largest models have: a node has seven parts or so, its inputs and attributes among them. */
const MOST_NODES = 300_000;
const MOST_PARTS = 2_000_000;

/** Counts what is kept of a file, whose smallest parts take two bytes there and hundreds in memory. */
export class Parts {
  #nodes = 0;
  #count = 0;

  /** @throws Error for more than any model has */
  add(count = 1): void {
    this.#count += count;
    if (this.#count > MOST_PARTS) throw new Error(`it has more than ${MOST_PARTS} parts`);
  }

  /** @throws Error for more than any model has */
  addNode(): void {
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES) throw new Error(`it has more than ${MOST_NODES} operators`);
    this.add();
  }
}
