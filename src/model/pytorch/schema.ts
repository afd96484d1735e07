/** One argument of a TorchScript method. */
export interface Argument {
  readonly name: string;
  /** As TorchScript writes it: `Tensor`, `Optional[Tensor]`, `Dict[str, Tensor]`. */
  readonly type: string;
  /** It has a default. */
  readonly optional: boolean;
}

export interface Forward {
  readonly arguments: readonly Argument[];
  /** `output`; those of a tuple `output[0]`, `output[1]`. */
  readonly outputs: readonly string[];
}

/** The forward method of a class in TorchScript's own source; null: it has none. */
export function forwardOf(source: string, type: string): Forward | null {
  const start = source.search(new RegExp(`^class ${type}\\(Module\\):$`, 'm'));
  if (start === -1) return null;
  const after = source.indexOf('\nclass ', start);
  const body = source.slice(start, after === -1 ? undefined : after);
  const begin = body.indexOf('\n  def forward(');
  const end = body.indexOf(':\n', body.indexOf(') -> ', begin));
  if (begin === -1 || end === -1) return null;
  const [list = '', result = ''] = splitOnce(body.slice(begin + '\n  def forward('.length, end), ') -> ');
  const [, ...args] = splitList(list);
  return { arguments: args.map(argumentOf), outputs: outputsOf(result.trim(), 'output', 0) };
}

function splitOnce(text: string, by: string): readonly string[] {
  const at = text.lastIndexOf(by);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}

/** Parts between the commas that no bracket or quote encloses. */
function splitList(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const one = text[at] ?? '';
    if (one === '"' && text[at - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if ('[('.includes(one)) depth += 1;
    if ('])'.includes(one)) depth -= 1;
    if (one !== ',' || depth > 0) continue;
    parts.push(text.slice(begin, at));
    begin = at + 1;
  }
  return [...parts, text.slice(begin)].map((part) => part.trim()).filter((part) => part !== '');
}

function argumentOf(text: string): Argument {
  const [, name = text, type = '', value] = /^(\w+): ([^=]+?)(=.*)?$/s.exec(text) ?? [];
  return { name, type: type.trim(), optional: value !== undefined };
}

const DEEPEST = 20;

function outputsOf(type: string, name: string, depth: number): readonly string[] {
  const inside = /^Tuple\[(.*)\]$/s.exec(type)?.[1];
  if (inside === undefined || depth > DEEPEST) return [name];
  return splitList(inside).flatMap((part, index) => outputsOf(part, `${name}[${index}]`, depth + 1));
}
