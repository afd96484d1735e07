"""Expressions of dynamic sizes: torch evaluates them as Python, so only arithmetic may pass."""

from __future__ import annotations

import re

MAX_LENGTH = 10_000
# Of torch.utils._sympy.functions and of sympy, as its `srepr` writes them.
_WORDS = (
    "FloorDiv|ModularIndexing|Where|PythonMod|Mod|CleanDiv|CeilToInt|FloorToInt|CeilDiv|LShift"
    "|RShift|PowByNatural|FloatPow|FloatTrueDiv|IntTrueDiv|IsNonOverlappingAndDenseIndicator"
    "|TruncToFloat|TruncToInt|RoundToInt|RoundDecimal|ToFloat|Identity|Max|Min|Abs|Piecewise"
    "|Symbol|Integer|Rational|Float|Add|Mul|Pow|ceiling|floor|sqrt|And|Or|Not|ExprCondPair|Tuple"
    "|Eq|Ne|Lt|Le|Gt|Ge|Equality|Unequality|GreaterThan|LessThan|StrictGreaterThan|StrictLessThan"
    "|true|false|True|False|int_oo|oo|Infinity|NegativeInfinity|IntInfinity|NegativeIntInfinity"
    "|Half|One|Zero|NegativeOne|precision|positive|negative|nonnegative|nonpositive|integer|real"
    "|zero|nonzero|finite|even|odd"
)
_SYMBOL = r"(?:s|u|ps|zf|zuf)\d+"
_NUMBER = r"\d{1,20}(?:\.\d{0,20})?(?:e[+-]?\d{1,3})?"
# `L['x'].size()[0]`, of the model's inputs; keys without what could end a string.
_PLACE = re.compile(
    r"L(?:\['[^'\"\\\x00-\x1f\x7f-\x9f]{1,200}'\]|\[\d{1,6}\])+"
    r"\.(?:(?:size|stride)\(\)\[\d{1,3}\]|(?:storage_offset|numel|dim)\(\))",
    re.ASCII,
)
_LOGIC = re.compile(r"\b(?:and|or|not)\b", re.ASCII)
_TOKEN = re.compile(
    rf"\s*(?:(?:{_WORDS}|{_SYMBOL})(?!\w)|'(?:{_SYMBOL}|{_NUMBER})'|{_NUMBER}(?![\w.])"
    # Powers of one digit, and not of each other: 9**9**9 would fill the memory.
    r"|\*\*\(?-?\d(?![\w.])\)?(?!\s*\*\*)|\*(?!\*)|[-+/%(),<>&|~=!])\s*",
    re.ASCII,
)


def is_safe(expression: str) -> bool:
    """Whether an expression is arithmetic on size symbols (`s0`, `u1`, ...), nothing else."""
    if not expression or len(expression) > MAX_LENGTH:
        return False
    at = 0
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if not token:
            return False
        at = token.end()
    return True


def is_safe_guard(guard: str) -> bool:
    """Whether a guard is a comparison of sizes of inputs: torch compiles it, and calls it."""
    sizes = _PLACE.sub(" s0 ", guard)
    return len(guard) <= MAX_LENGTH and "'" not in sizes and is_safe(_LOGIC.sub(",", sizes))
