/** Bundles the entries into a folder. */
export function build(dir: string): Promise<void>;
