/** A lock that is given in the order in which it was asked for. */
export class Turn {
  #last: Promise<void> = Promise.resolve();

  /** Resolves to the function that ends the turn. */
  async take(): Promise<() => void> {
    let release = (): void => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    const before = this.#last;
    this.#last = mine;
    await before;
    return release;
  }
}
