"""Checks a request field by field: what does not fit the protocol is refused, never guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import InvalidRequest
from .tensors import NUMPY_DTYPES

Check = Callable[[Any, str], None]
MAX_TEXT = 1024


def _refuse(where: str, value: object, expected: str) -> None:
    shown = repr(value)
    raise InvalidRequest(f"{where}: got {shown[:80]}; expected {expected}")


def text(value: Any, where: str) -> None:
    """A string of 1 to 1024 characters."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        _refuse(where, value, f"a string of 1 to {MAX_TEXT} characters")


def url(value: Any, where: str) -> None:
    """A `file:` or `https:` URL; it may be signed, so it is never repeated."""
    if not isinstance(value, str) or not value.startswith(("file:///", "https://")):
        raise InvalidRequest(f"{where}: got another kind of URL; expected file:/// or https://")


def flag(value: Any, where: str) -> None:
    """True or False."""
    if not isinstance(value, bool):
        _refuse(where, value, "true or false")


def whole(least: int | None) -> Check:
    """An integer, `least` or more."""

    def check(value: Any, where: str) -> None:
        fits = isinstance(value, int) and not isinstance(value, bool)
        if not fits or (least is not None and value < least):
            _refuse(where, value, "an integer" if least is None else f"an integer >= {least}")

    return check


def number(least: float | None, above: bool = False) -> Check:
    """A finite number, `least` or more (or above it)."""

    def check(value: Any, where: str) -> None:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and math.isfinite(value)
        if not fits or (least is not None and (value < least or (above and value == least))):
            bound = "" if least is None else f" {'>' if above else '>='} {least}"
            _refuse(where, value, f"a finite number{bound}")

    return check


def one_of(*allowed: object) -> Check:
    """One of these values, of the same type."""

    def check(value: Any, where: str) -> None:
        if not any(type(value) is type(each) and value == each for each in allowed):
            _refuse(where, value, " or ".join(repr(each) for each in allowed))

    return check


def sha256(value: Any, where: str) -> None:
    """64 lower-case hexadecimal digits."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        _refuse(where, value, "64 lower-case hexadecimal digits")


def relative_path(value: Any, where: str) -> None:
    """A relative path with forward slashes that stays in its folder."""
    text(value, where)
    if re.search(r"[\\\x00-\x1f]", value) or any(p in ("", ".", "..") for p in value.split("/")):
        _refuse(where, value, "a relative path without '..'")


def many(item: Check, least: int, most: int | None = None) -> Check:
    """A list of `least` to `most` items."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= (most or len(value)):
            _refuse(where, value, f"a list of {least} to {most or 'any number of'} items")
        for index, each in enumerate(value):
            item(each, f"{where}[{index}]")

    return check


def record(fields: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these fields."""
    known = {**fields, **(optional or {})}

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            _refuse(where, value, "an object")
        for name in value:
            if name not in known:
                raise InvalidRequest(f"{where}: unknown field {str(name)[:80]!r}")
        for name, field in known.items():
            if name in value:
                field(value[name], f"{where}.{name}")
            elif name in fields:
                raise InvalidRequest(f"{where}: no field {name!r}")

    return check


_FILE = {"url": url, "sha256": sha256, "size": whole(0)}
_ARTIFACT_FIELDS = record(
    {"entry": relative_path, "files": many(record({"path": relative_path, **_FILE}), 1)}
)
_FILLS: dict[str, dict[str, Check]] = {
    "normal": {},
    "ones": {},
    "zeros": {},
    "range": {"low": number(None), "high": number(None)},
    "file": _FILE,
}


def artifact(value: Any, where: str) -> None:
    """An Artifact: its entry is one of its files, and no path comes twice."""
    _ARTIFACT_FIELDS(value, where)
    paths = [file["path"] for file in value["files"]]
    if len(set(paths)) != len(paths):
        raise InvalidRequest(f"{where}.files: a path comes twice")
    if value["entry"] not in paths:
        _refuse(f"{where}.entry", value["entry"], "the path of one of the files")


def fill(value: Any, where: str) -> None:
    """A Fill, with the fields of its kind."""
    kind = value.get("kind") if isinstance(value, dict) else None
    one_of(*_FILLS)(kind, f"{where}.kind")
    record({"kind": text, **_FILLS[kind]})(value, where)


_INPUT = record(
    {
        "name": text,
        "dtype": one_of(*NUMPY_DTYPES),
        "shape": many(whole(0), 0),
        "fill": fill,
    }
)
_SUBJECT = record(
    {"role": one_of("candidate", "baseline"), "artifact": artifact, "inputs": many(_INPUT, 0)},
    {"reference": artifact},
)
_TIMING = record(
    {
        "warmups": whole(0),
        "stretchMs": number(0),
        "stretchMin": whole(0),
        "blockMs": number(0),
        "minQuads": whole(0),
        "quadsMs": number(0),
    }
)


def _common(op: str, framework: str, optimizers: tuple[str, ...]) -> dict[str, Check]:
    return {
        "protocol": one_of(1),
        "op": one_of(op),
        "nonce": text,
        "framework": one_of(framework),
        "optimizer": one_of(*optimizers),
    }


def check_measure(request: Any, framework: str, optimizers: tuple[str, ...]) -> None:
    """Raises InvalidRequest unless `request` is a MeasureRequest for this runtime."""
    record(
        {
            **_common("measure", framework, optimizers),
            "batch": whole(1),
            "threads": whole(1),
            "seed": whole(None),
            "subjects": many(_SUBJECT, 1, 2),
            "timing": _TIMING,
            "deadlineMs": number(0, above=True),
            "retire": flag,
        }
    )(request, "request")
    roles = [subject["role"] for subject in request["subjects"]]
    if len(set(roles)) != len(roles):
        raise InvalidRequest("request.subjects: a role comes twice")


def check_convert(request: Any, framework: str, optimizers: tuple[str, ...]) -> None:
    """Raises InvalidRequest unless `request` is a ConvertRequest for this runtime."""
    record({**_common("convert", framework, optimizers), "artifact": artifact, "output": url})(
        request, "request"
    )
