/** Where the tests find the parts, as environment variables; of parts that are not installed yet too. */
export function partsEnvironment(): Record<string, string>;
