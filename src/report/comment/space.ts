/** Between two parts of a comment. */
const GAP = 2;

/** Characters that are left of a comment: what comes first is kept, what finds no place is left out whole. */
export class Space {
  #left: number;

  constructor(characters: number) {
    this.#left = characters;
  }

  /** Those of the parts that fit. */
  all(parts: readonly (string | null)[]): readonly string[] {
    return parts.filter((part): part is string => {
      if (part === null || part === '') return false;
      const size = part.length + GAP;
      if (size > this.#left) return false;
      this.#left -= size;
      return true;
    });
  }

  /**
   * As many rows as fit, from the first on, under a head; each is made only when its turn comes. Without a row there is
   * no head either.
   */
  rows(head: string, rows: readonly (() => string)[]): { readonly text: string; readonly count: number } {
    const lines: string[] = head === '' ? [] : [head];
    let left = this.#left - head.length - GAP;
    let count = 0;
    for (const make of rows) {
      const line = make();
      const size = line.length + 1;
      if (size > left) break;
      left -= size;
      lines.push(line);
      count += 1;
    }
    if (count === 0) return { text: '', count };
    this.#left = left;
    return { text: lines.join('\n'), count };
  }

  /** Room for what is put around what `make` makes. */
  reserving<T>(characters: number, make: () => T): T {
    this.#left -= characters;
    return make();
  }
}
