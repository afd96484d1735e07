import { type Arguments, fromArguments } from '../inputs/from-argv.ts';
import { readInputs } from '../inputs/read.ts';
import type { RawInputs } from '../inputs/table.ts';
import type { Logger } from '../ports.ts';
import type { Inputs } from '../types/inputs.ts';
import type { Outside } from '../wiring/index.ts';

/** What every command gets: its arguments, and the ways out. */
export interface CommandContext {
  readonly args: Arguments;
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger & { end(): void };
  readonly isTTY: boolean;
  readonly signal: AbortSignal;
  print(text: string): void;
}

export const placeOf = (name: string): string => `--${name}`;

export function outsideOf(context: CommandContext): Outside {
  const { entry, env, logger, signal } = context;
  return { entry, inAction: false, env, logger, signal, placeOf };
}

export function inputsOf(raw: RawInputs): Inputs {
  return readInputs(raw, placeOf);
}

export { fromArguments };
