"""Markers of requirements (PEP 508): which are taken, and whether they hold in an environment."""

from __future__ import annotations

import ast
import os
import platform
import re
import sys
from collections.abc import Mapping

# The Python of the Dockerfile's base image.
IMAGE_PYTHON = "3.13"
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}

_MOST_NESTED = 20


def _quoted(pattern: str) -> str:
    return f"(?:'{pattern}'|\"{pattern}\")"


_VERSION = r"[0-9]+(?:\.[0-9]+)*"
_ANY_OF = rf"{_VERSION}\.\*"
_OF_PYTHON = (
    r"(?:python_full_version|python_version)[ \t]*"
    rf"(?:(?:<=|>=|<|>|==|!=)[ \t]*{_quoted(_VERSION)}|(?:==|!=)[ \t]*{_quoted(_ANY_OF)})"
)
_OF_PLATFORM = (
    r"(?:os_name|sys_platform|platform_machine|platform_python_implementation|platform_system"
    r"|implementation_name)(?:[ \t]*(?:==|!=)[ \t]*|[ \t]+(?:not[ \t]+)?in[ \t]+)"
    + _quoted(r"[A-Za-z0-9._ -]*")
)
_PART = rf"(?:\([ \t]*)*(?:{_OF_PYTHON}|{_OF_PLATFORM})(?:[ \t]*\))*"
_MARKER = re.compile(rf"{_PART}(?:[ \t]+(?:and|or)[ \t]+{_PART})*")


def is_marker(text: str) -> bool:
    """Whether a text is a marker that `holds` decides: each part a variable, then a quoted text."""
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if not 0 <= depth <= _MOST_NESTED:
            return False
    return depth == 0 and _MARKER.fullmatch(text) is not None


def here() -> dict[str, str]:
    """What markers ask of this machine and this Python."""
    return {
        "os_name": os.name,
        "sys_platform": sys.platform,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "implementation_name": sys.implementation.name,
        "python_version": ".".join(map(str, sys.version_info[:2])),
        "python_full_version": ".".join(map(str, sys.version_info[:3])),
    }


def image(architecture: str) -> dict[str, str]:
    """What they ask of an image on Lambda. `architecture`: a key of MACHINES."""
    return {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_machine": MACHINES[architecture],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "python_version": IMAGE_PYTHON,
        "python_full_version": f"{IMAGE_PYTHON}.0",
    }


def holds(marker: str, environment: Mapping[str, str]) -> bool:
    """Whether a marker that `is_marker` takes holds; the empty one always does."""
    return marker == "" or _decide(ast.parse(marker, mode="eval").body, environment)


def _decide(node: ast.expr, environment: Mapping[str, str]) -> bool:
    if isinstance(node, ast.BoolOp):
        parts = [_decide(part, environment) for part in node.values]
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    match node:
        case ast.Compare(ast.Name(name), [operator], [ast.Constant(str(wanted))]):
            found = environment[name]
            if name.startswith("python_"):
                return _compare_versions(found, operator, wanted)
            return _compare_texts(found, operator, wanted)
    raise ValueError(f"no marker, got {ast.unparse(node)}")


def _compare_texts(found: str, operator: ast.cmpop, wanted: str) -> bool:
    if isinstance(operator, ast.In | ast.NotIn):
        return (found in wanted) == isinstance(operator, ast.In)
    return (found == wanted) == isinstance(operator, ast.Eq)


def _compare_versions(found: str, operator: ast.cmpop, wanted: str) -> bool:
    """By PEP 440, of plain numbers: missing ones are zeros, `3.12.*` is every 3.12."""
    stem = wanted.removesuffix(".*")
    one, other = ([int(part) for part in text.split(".")] for text in (found, stem))
    length = len(other) if stem != wanted else max(len(one), len(other))
    one, other = ([*numbers, *[0] * length][:length] for numbers in (one, other))
    match operator:
        case ast.Eq():
            return one == other
        case ast.NotEq():
            return one != other
        case ast.Lt():
            return one < other
        case ast.LtE():
            return one <= other
        case ast.Gt():
            return one > other
        case _:
            return one >= other
