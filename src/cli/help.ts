import { definitionOf, INPUT_NAMES } from '../inputs/table.ts';

const HEAD = `AYCI: model CI for serverless inference.

Usage:
  ayci run --model M [--baseline B]   measure a model, compare it with its baseline, say pass or regressed
  ayci demo                           the same on a small built-in model and a slower second version of it
  ayci plan --model M [...]           what a run would do: cells, reused, impossible, calls, minutes; measures nothing
  ayci show M|KEY                     what the archive knows of a model
  ayci init                           a first configuration and workflow for the models of this repository
  ayci doctor [--model M]             whether this machine has what a run needs, and how to get it; what a model takes

Start with:  ayci demo
Then:        ayci run --model model.onnx --baseline git:main

Options:`;

const FLAGS: readonly (readonly [string, string])[] = [
  ['--json', 'print report.json on standard output instead of the table'],
  ['--debug', 'show causes and stack traces'],
  ['--help', 'this text'],
  ['--version', 'the version'],
];

const TAIL = `
Exit: 0 good, 1 the gate failed, 2 wrong usage or input, 3 could not measure.`;

function wrap(text: string, indent: number, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > width - indent) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** The whole help, made from the table of inputs. */
export function helpText(): string {
  const entries = INPUT_NAMES.map((name): readonly [string, string] => {
    const { value, default: preset, doc } = definitionOf(name);
    const end = preset === null ? '' : ` [${preset}]`;
    return [`--${name} ${value}`, `${doc.replaceAll('`', '')}${end}`];
  });
  const lines = [...entries, ...FLAGS].map(([option, doc]) => {
    const head = `  ${option}`;
    const start = head.length >= 30 ? `${head}\n${' '.repeat(30)}` : head.padEnd(30);
    return `${start}${wrap(doc, 30, 118)}`;
  });
  return `${[HEAD, ...lines, TAIL].join('\n')}\n`;
}
