import type { Logger } from './ports.ts';

/** Where a console logger writes: standard error, or a test's own. */
export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

/**
 * Progress for people: on a terminal one line that is written over, elsewhere plain lines, each said once.
 * @param debug whether details are shown
 */
export function consoleLogger(terminal: Terminal, debug: boolean): Logger & { end(): void } {
  let live = false;
  let last = '';
  const clear = (): void => {
    if (live) terminal.write('\r\u001b[2K');
    live = false;
  };
  const line = (text: string): void => {
    clear();
    terminal.write(`${text}\n`);
  };
  return {
    info: line,
    warn: (text) => line(`warning: ${text}`),
    debug: (text) => {
      if (debug) line(text);
    },
    progress(text) {
      if (terminal.isTTY) {
        clear();
        terminal.write(text.slice(0, Math.max(20, terminal.columns - 1)));
        live = true;
      } else if (text !== last) {
        last = text;
        terminal.write(`${text}\n`);
      }
    },
    end: clear,
  };
}

/** Says nothing: for `--json` in a pipe and for tests. */
export const nullLogger: Logger = {
  info: () => undefined,
  warn: () => undefined,
  debug: () => undefined,
  progress: () => undefined,
};
