"""Strict checks of parsed JSON. Each raises InvalidRequest that names the place and the value."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, NoReturn

from ayci_runtime.errors import InvalidRequest

# Beyond this a JavaScript number, which the runner's are, is no longer a whole one.
MAX_INTEGER = 2**53 - 1


def fail(place: str, value: object, expected: str) -> NoReturn:
    """Raises InvalidRequest: `<place>: got <value>; expected <expected>`."""
    shown = repr(value)
    raise InvalidRequest(
        f"{place}: got {shown if len(shown) <= 80 else shown[:79] + '…'}; expected {expected}"
    )


def fields(
    value: object, place: str, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, Any]:
    """`value` as an object with exactly these fields."""
    if not isinstance(value, dict):
        fail(place, value, "an object")
    for name in value:
        if name not in required and name not in optional:
            raise InvalidRequest(f"{place}: has the unknown field {str(name)[:80]!r}")
    for name in required:
        if name not in value:
            raise InvalidRequest(f"{place}: lacks the field {name!r}")
    return value


def items(value: object, place: str, low: int = 0, high: int | None = None) -> list[Any]:
    """`value` as a list of `low` to `high` items."""
    if not isinstance(value, list) or len(value) < low or (high is not None and len(value) > high):
        fail(place, value, f"a list of {low} to {high}" if high else f"a list of at least {low}")
    return value


def text(value: object, place: str, longest: int = 4096) -> str:
    """`value` as a string of 1 to `longest` characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        fail(place, value, f"a string of 1 to {longest} characters")
    return value


def choice(value: object, place: str, allowed: Collection[Any]) -> Any:
    """`value`, one of `allowed` (True is not taken for 1)."""
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value not in allowed:
        fail(place, value, "one of " + ", ".join(map(str, sorted(allowed))))
    return value


def boolean(value: object, place: str) -> bool:
    """`value` as true or false."""
    if not isinstance(value, bool):
        fail(place, value, "true or false")
    return value


def integer(value: object, place: str, low: int = 0, high: int = MAX_INTEGER) -> int:
    """`value` as a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        fail(place, value, f"a whole number from {low} to {high}")
    return value


def number(value: object, place: str, low: float = -math.inf) -> float:
    """`value` as a finite number not below `low`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        fail(place, value, "a number")
    if not math.isfinite(value) or value < low:
        fail(place, value, f"a finite number of at least {low}")
    return value
