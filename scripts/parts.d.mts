/** Installs the parts of these names, all of them without; false where one could not be. */
export function ensureParts(names?: readonly string[]): boolean;
/** Where the tests find the parts, as environment variables; of parts that are not installed yet too. */
export function partsEnvironment(): Record<string, string>;
