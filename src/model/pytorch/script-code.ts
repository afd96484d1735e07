import { RefusedModel } from '../facts.ts';
import { isAllowed, REFUSED } from './operators.ts';

/**
 * A word, a text, a number or a sign of TorchScript's own source, as torch writes it: without comments, single quotes,
 * tabs and lines that go on. Its grammar would bear more, such as names that are taken apart: `o = ops`.
 */
const TOKEN = /[ \n]+|([A-Za-z_]\w*|"(?:[^"\\\n]|\\[^\n])*"|\d+(?:\.\d*)?|[-+*/%<>=!&|~()[\]{}.,:])/y;
const WORDS = new Set([...REFUSED].map((name) => name.replace(/^\w+\./, '')));
/** Of torch's own: weights that are packed for quantized or prepacked kernels. */
const CUSTOM_CLASSES = new Set(['quantized', 'rnn', 'sparse', 'mkldnn', 'xnnpack']);

/** The longest that is looked at, torch.classes.NAMESPACE.NAME, and one more. */
const LONGEST_PATH = 4;
const CLOSES = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);
const CLOSED = new Set(CLOSES.values());

type Tokens = readonly string[];

/**
 * The operators that a file of TorchScript's code calls, such as `aten.add`.
 * @throws RefusedModel for those that do more than compute, and for ways around their names
 */
export function* operatorsIn(code: string): Generator<string> {
  const tokens = tokensOf(code);
  const ends = endsOfAttributes(tokens);
  for (const [at, token] of tokens.entries()) {
    if (WORDS.has(token)) throw refusedCall(`aten::${token}`);
    if (token.startsWith('"') && tokens[at + 1]?.startsWith('"')) throw odd('texts side by side');
    if (isAnother(tokens, at)) continue;
    if (token === '__torch__') checkClass(pathAt(tokens, at).path);
    else if (token === 'getattr') checkAttribute(tokens, ends.get(at));
    else if (token === 'ops') yield operatorAt(tokens, at);
    else if (token === 'torch') yield* builtinAt(tokens, at);
  }
}

function tokensOf(code: string): Tokens {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < code.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(code);
    if (match === null) throw odd(JSON.stringify(code.slice(at, at + 20)));
    if (match[1] !== undefined) found.push(match[1]);
  }
  return found;
}

/** Whether a word stands for something else: an attribute, or a name that is just made. Three dots are a value. */
function isAnother(tokens: Tokens, at: number): boolean {
  const isAttribute = tokens[at - 1] === '.' && tokens[at - 2] !== '.';
  return isAttribute || tokens[at - 1] === 'def' || tokens[at + 1] === ':';
}

/** The names after the one at a place, each after a dot, and the token that follows; of a long path the first ones. */
function pathAt(tokens: Tokens, at: number): { readonly path: readonly string[]; readonly after: string | undefined } {
  const path: string[] = [];
  let end = at + 1;
  for (; path.length < LONGEST_PATH && tokens[end] === '.' && tokens[end + 1] !== undefined; end += 2)
    path.push(tokens[end + 1] ?? '');
  return { path, after: tokens[end] };
}

/** `ops.NAMESPACE.NAME(…)`. */
function operatorAt(tokens: Tokens, at: number): string {
  const { path, after } = pathAt(tokens, at);
  const [namespace = '', name = '', ...others] = path;
  if (name === '' || others.length > 0 || after !== '(') throw odd(`ops.${path.join('.')} without a call`);
  if (!isAllowed(namespace, name)) throw refusedCall(`${namespace}::${name}`);
  return `${namespace}.${name}`;
}

/** `torch.NAME(…)`, and `torch.autograd.grad(…)`. */
function* builtinAt(tokens: Tokens, at: number): Generator<string> {
  const { path, after } = pathAt(tokens, at);
  if (path[0] === 'classes') return checkClass(['torch', ...path]);
  const plain = /^(?:\w+|autograd\.(?:grad|backward))$/.exec(path.join('.'));
  if (plain === null || after !== '(') throw odd(`torch.${path.join('.')} without a call`);
  yield `aten.${path.at(-1)}`;
}

/** Of a class below `__torch__`: the archive's own, or those of PyTorch that only compute. */
function checkClass([first, second, custom]: readonly string[]): void {
  if (first === undefined || (first === 'torch' && second === undefined)) throw odd('a part of the name of a class');
  if (first !== 'torch' || second !== 'classes' || (custom !== undefined && CUSTOM_CLASSES.has(custom))) return;
  throw refusedCall(`torch.classes.${custom ?? ''}`);
}

/**
 * Where `getattr(value, "0")` ends, by where it begins, all in one pass.
 * @throws RefusedModel where brackets do not match
 */
function endsOfAttributes(tokens: Tokens): ReadonlyMap<number, number> {
  const open: number[] = [];
  const ends = new Map<number, number>();
  for (const [at, token] of tokens.entries()) {
    if (CLOSES.has(token)) open.push(at);
    if (!CLOSED.has(token)) continue;
    const start = open.pop() ?? -1;
    if (CLOSES.get(tokens[start] ?? '') !== token) throw odd('a bracket that is not open');
    if (tokens[start - 1] === 'getattr') ends.set(start - 1, at);
  }
  if (open.length > 0) throw odd('a bracket that is not closed');
  return ends;
}

function checkAttribute(tokens: Tokens, end = 0): void {
  const text = tokens[end - 1] ?? '';
  const isPlain = /^"[^\\]*"$/.test(text) && !WORDS.has(text.slice(1, -1));
  if (tokens[end - 2] !== ',' || !isPlain) throw odd('an attribute whose name is no plain text');
}

function refusedCall(name: string): RefusedModel {
  return new RefusedModel(
    `calls ${name.slice(0, 100)}, which AYCI does not let a model call`,
    'Save it with operators of PyTorch alone that only compute.',
  );
}

function odd(what: string): RefusedModel {
  return new RefusedModel(`has code that torch does not write: ${what.slice(0, 100)}`, 'Save it by torch.jit.save.');
}

/** Whether a pickle may ask for a class below `__torch__`. */
export function isAllowedClass(name: string): boolean {
  const custom = /^__torch__\.torch\.classes\.(\w+)/.exec(name)?.[1];
  return custom === undefined || CUSTOM_CLASSES.has(custom);
}
