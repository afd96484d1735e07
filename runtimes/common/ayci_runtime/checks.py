"""Checks of single values: what does not fit is refused, never guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import InvalidRequest
from .urls import is_readable, is_uploadable

Check = Callable[[Any, str], None]
MAX_TEXT = 1024
MAX_URL = 8192


def refuse(where: str, value: object, expected: str) -> None:
    """Raises InvalidRequest; 80 characters of the value are shown."""
    shown = repr(value)
    raise InvalidRequest(f"{where}: got {shown[:80]}; expected {expected}")


def text(value: Any, where: str) -> None:
    """A string of 1 to 1024 characters."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        refuse(where, value, f"a string of 1 to {MAX_TEXT} characters")


def readable_url(value: Any, where: str) -> None:
    """A URL that files may be read from; it may be signed, so it is never repeated."""
    if not isinstance(value, str) or not is_readable(value):
        raise InvalidRequest(
            f"{where}: got another kind of URL;"
            " expected file:///, https://, or http:// to this machine"
        )


def upload_url(value: Any, where: str) -> None:
    """A URL of at most 8192 characters that files may be uploaded to; never repeated either."""
    if not isinstance(value, str) or len(value) > MAX_URL or not is_uploadable(value):
        raise InvalidRequest(
            f"{where}: got another kind of URL; expected https://, or http:// to this machine"
        )


def flag(value: Any, where: str) -> None:
    """True or False."""
    if not isinstance(value, bool):
        refuse(where, value, "true or false")


def whole(least: int | None) -> Check:
    """An integer, `least` or more."""

    def check(value: Any, where: str) -> None:
        fits = isinstance(value, int) and not isinstance(value, bool)
        if not fits or (least is not None and value < least):
            refuse(where, value, "an integer" if least is None else f"an integer >= {least}")

    return check


def number(least: float | None, above: bool = False, most: float | None = None) -> Check:
    """A finite number, `least` or more (or above it), at most `most`."""

    def check(value: Any, where: str) -> None:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and math.isfinite(value)
        if not fits or (least is not None and (value < least or (above and value == least))):
            bound = "" if least is None else f" {'>' if above else '>='} {least}"
            refuse(where, value, f"a finite number{bound}")
        if most is not None and value > most:
            refuse(where, value, f"at most {most}")

    return check


def one_of(*allowed: object) -> Check:
    """One of these values, of the same type."""

    def check(value: Any, where: str) -> None:
        if not any(type(value) is type(each) and value == each for each in allowed):
            refuse(where, value, " or ".join(repr(each) for each in allowed))

    return check


def sha256(value: Any, where: str) -> None:
    """64 lower-case hexadecimal digits."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        refuse(where, value, "64 lower-case hexadecimal digits")


def relative_path(value: Any, where: str) -> None:
    """A relative path with forward slashes that stays in its folder."""
    text(value, where)
    if re.search(r"[\\\x00-\x1f]", value) or any(p in ("", ".", "..") for p in value.split("/")):
        refuse(where, value, "a relative path without '..'")


def many(item: Check, least: int, most: int | None = None) -> Check:
    """A list of `least` to `most` items."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= (most or len(value)):
            refuse(where, value, f"a list of {least} to {most or 'any number of'} items")
        for index, each in enumerate(value):
            item(each, f"{where}[{index}]")

    return check


def record(fields: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these fields."""
    known = {**fields, **(optional or {})}

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            refuse(where, value, "an object")
        for name in value:
            if name not in known:
                raise InvalidRequest(f"{where}: unknown field {str(name)[:80]!r}")
        for name, field in known.items():
            if name in value:
                field(value[name], f"{where}.{name}")
            elif name in fields:
                raise InvalidRequest(f"{where}: no field {name!r}")

    return check
