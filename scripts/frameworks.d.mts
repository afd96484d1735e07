/** All environments, sorted. */
export function frameworkNames(): string[];
/** The environment's Python, made where it is missing. @throws Error where pip cannot install what is pinned. */
export function ensureFramework(name: string): string;
export function folderOf(name: string): string;
