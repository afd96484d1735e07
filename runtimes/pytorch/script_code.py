"""Reads TorchScript's own source as torch writes it, and refuses what else its grammar would bear.

A name may be taken apart and put together again there: `o = ops`, `getattr(torch, "sa" "ve")`.
torch writes none of that, so that nothing else than its own way of writing may pass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ayci_runtime.errors import InvalidModel
from operators import REFUSED, is_allowed
from pickles import CUSTOM_CLASSES

# Neither comments, single quotes, tabs nor lines that go on: torch writes none.
_TOKEN = re.compile(
    r'[ \n]+|(?P<token>[A-Za-z_]\w*|"(?:[^"\\\n]|\\.)*"|\d+(?:\.\d*)?|[-+*/%<>=!&|~()\[\]{}.,:])',
    re.ASCII,
)
_WORDS = frozenset(each.partition(".")[2] for each in REFUSED)
_AUTOGRAD = ("grad", "backward")
# The longest that is looked at, torch.classes.NAMESPACE.NAME, and one more.
_LONGEST_PATH = 4
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_CLOSED = frozenset(_CLOSES.values())

Tokens = Sequence[str]


def check_code(code: str, name: str) -> None:
    """Raises InvalidModel for operators that do more than compute, and for ways around their names.

    `name`: of the member of the archive.
    """
    tokens = _tokens(code, name)
    ends = _ends_of_attributes(tokens, name)
    for at, word in enumerate(tokens[:-1]):
        if word in _WORDS:
            raise InvalidModel(
                f"{name}: got {word}, which reaches files or other programs; expected operators"
                " that only compute. Save the model without it"
            )
        if word[0] == '"' and tokens[at + 1][:1] == '"':
            raise _odd(name, "texts side by side")
        check = _CHECKS.get(word)
        if check and not _is_another(tokens, at):
            check(tokens, at, name)
        elif word == "getattr" and not _is_another(tokens, at):
            _check_attribute(tokens, ends.get(at, 0), name)


def _tokens(code: str, name: str) -> list[str]:
    """Ends, and so begins, with an empty one."""
    found = []
    at = 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            raise _odd(name, repr(code[at : at + 20]))
        if match["token"]:
            found.append(match["token"])
        at = match.end()
    return [*found, ""]


def _odd(name: str, what: str) -> InvalidModel:
    return InvalidModel(
        f"{name}: got {what}; expected code as torch writes it. Save the model by torch.jit.save"
    )


def _is_another(tokens: Tokens, at: int) -> bool:
    """Whether a word stands for something else: an attribute, or a name that is just made."""
    # Three dots are a value: what follows them is none of it.
    is_attribute = tokens[at - 1] == "." and tokens[at - 2] != "."
    return is_attribute or tokens[at - 1] == "def" or tokens[at + 1] == ":"


def _path(tokens: Tokens, at: int) -> tuple[list[str], str]:
    """The names after the one at `at`, each after a dot, and the token that follows.

    Of a long path the first ones.
    """
    path: list[str] = []
    while len(path) < _LONGEST_PATH and tokens[at + 1] == "." and tokens[at + 2]:
        path.append(tokens[at + 2])
        at += 2
    return path, tokens[at + 1]


def _check_operator(tokens: Tokens, at: int, name: str) -> None:
    path, after = _path(tokens, at)
    namespace, *rest = path or [""]
    operator = "::".join(path)[:80]
    if len(rest) != 1 or after != "(":
        raise _odd(name, f"ops.{'.'.join(path)[:80]} without a call")
    if not is_allowed(namespace, rest[0]):
        raise InvalidModel(
            f"operator {operator}: not one of PyTorch's own that only compute."
            " Save the model without it"
        )


def _check_builtin(tokens: Tokens, at: int, name: str) -> None:
    path, after = _path(tokens, at)
    if path[:1] == ["classes"]:
        _check_class(path[1:], name)
    elif after != "(" or not (
        len(path) == 1 or (path[:1] == ["autograd"] and path[1:] in ([each] for each in _AUTOGRAD))
    ):
        raise _odd(name, f"torch.{'.'.join(path)[:80]} without a call")


def _check_class_path(tokens: Tokens, at: int, name: str) -> None:
    path, _ = _path(tokens, at)
    if path[:2] == ["torch", "classes"]:
        _check_class(path[2:], name)
    elif path in ([], ["torch"]):
        raise _odd(name, "a part of the name of a class")


def _check_class(path: list[str], name: str) -> None:
    custom = path[0] if path else "none"
    if custom not in CUSTOM_CLASSES:
        raise InvalidModel(f"{name}: got custom class {custom[:80]}; expected PyTorch's own")


def _ends_of_attributes(tokens: Tokens, name: str) -> dict[int, int]:
    """Where `getattr(value, "0")` ends, by where it begins, all in one pass.

    Raises InvalidModel where brackets do not match.
    """
    opened: list[int] = []
    ends: dict[int, int] = {}
    for at, word in enumerate(tokens):
        if word in _CLOSES:
            opened.append(at)
        elif word in _CLOSED:
            start = opened.pop() if opened else -1
            if _CLOSES.get(tokens[start]) != word:
                raise _odd(name, "a bracket that is not open")
            if tokens[start - 1] == "getattr":
                ends[start - 1] = at
    if opened:
        raise _odd(name, "a bracket that is not closed")
    return ends


def _check_attribute(tokens: Tokens, end: int, name: str) -> None:
    comma, text = tokens[end - 2 : end] if end else ("", "")
    is_plain = text[:1] == '"' and "\\" not in text and text[1:-1] not in _WORDS
    if comma != "," or not is_plain:
        raise _odd(name, "an attribute whose name is no plain text")


_CHECKS = {
    "ops": _check_operator,
    "torch": _check_builtin,
    "__torch__": _check_class_path,
}
