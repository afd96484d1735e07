/** Expressions of sizes: torch evaluates them as Python, so that only arithmetic may pass. */
const LONGEST = 2000;
const FUNCTIONS =
  'FloorDiv|ModularIndexing|Where|PythonMod|Mod|CleanDiv|CeilToInt|FloorToInt|CeilDiv|LShift|RShift|PowByNatural|FloatPow|FloatTrueDiv|IntTrueDiv|IsNonOverlappingAndDenseIndicator|TruncToFloat|TruncToInt|RoundToInt|RoundDecimal|ToFloat|Identity|Max|Min|Abs|Piecewise|ceiling|floor|sqrt|Eq|Ne|Lt|Le|Gt|Ge|Equality|Unequality|StrictLessThan|LessThan|StrictGreaterThan|GreaterThan|And|Or|Not|True|False|true|false|int_oo|oo|zoo|Add|Mul|Pow|Integer|Rational|Float|and|or|not';
const TOKEN = new RegExp(
  `\\s*(?:(?:${FUNCTIONS}|z?[a-z]{1,3}\\d+)(?!\\w)|\\d{1,20}(?:\\.\\d{1,20})?(?:e[+-]?\\d{1,3})?(?![\\w.])|\\*\\*\\(?-?\\d(?![\\w.])\\)?(?!\\s*\\*\\*)|\\*(?!\\*)|[<>=!]=|[-+/%(),<>&|~])\\s*`,
  'y',
);
const SYMBOL = /Symbol\('([a-z]{1,4}\d+)'(?:, (?:positive|integer|nonnegative|nonzero|real)=True)*\)/g;

/** `s77` of `Symbol('s77', positive=True, integer=True)`; null where it is more than arithmetic on symbols of sizes. */
export function plainExpression(expression: string): string | null {
  if (expression.length > LONGEST) return null;
  const plain = expression.replace(SYMBOL, '$1').replace(/Integer\((-?\d{1,20})\)/g, '$1');
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < plain.length) if (!TOKEN.test(plain)) return null;
  return plain.trim() === '' ? null : plain;
}

/** `L['x'].size()[0]`, of the model's inputs; keys without what could end a string. */
const PLACE =
  /L(?:\['[^'"\\\p{Cc}]{1,200}'\]|\[\d{1,6}\])+\.(?:(?:size|stride)\(\)\[\d{1,3}\]|(?:storage_offset|numel|dim)\(\))/gu;

/** Whether a guard is a comparison of sizes of inputs: torch runs its text. */
export function isPlainGuard(guard: string): boolean {
  return guard.length <= LONGEST && plainExpression(guard.replace(PLACE, 's0')) !== null;
}
