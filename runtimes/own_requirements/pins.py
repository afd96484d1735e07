"""Requirements that pin packages by version and hash, read strictly: no options, no addresses.

The rules are those of src/target/local/own-requirements.ts; one test feeds both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from markers import is_marker

EXPECTED = "expected lines NAME==VERSION --hash=sha256:HEX"
_PINNED = re.compile(
    r"[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[A-Za-z0-9._, \t-]+\])?"
    r"[ \t]*==[ \t]*([A-Za-z0-9.!+_-]+)"
    r"[ \t]*(?:;[ \t]*([^#]*?))?((?:[ \t]+--hash=sha256:[0-9a-f]{64})+)[ \t]*"
)
_COMMENT = re.compile(r"(?:^|[ \t])#[^\n]*$")
_MOST_BYTES = 1 << 20
_SHOWN = 80


class Refused(Exception):
    """Requirements that are not taken; its text says what and where."""


@dataclass(frozen=True)
class Pin:
    """One package. `name` as PEP 503 normalises it, `marker` empty where there is none."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        marker = f" ; {self.marker}" if self.marker else ""
        return f"{self.name}=={self.version}{marker} {' '.join(self.hashes)}"


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with what continues them, comments left out; each with the number of its first line."""
    at, parts = 0, []
    for number, written in enumerate(re.split(r"\r?\n", text), 1):
        line = _COMMENT.sub("", written).rstrip(" \t")
        at = at if parts else number
        parts.append(line.removesuffix("\\"))
        if line.endswith("\\"):
            continue
        yield at, " ".join(parts)
        parts = []
    if parts:
        yield at, " ".join(parts)


def read_pins(content: bytes) -> list[Pin]:
    """The pins of a file, in its order.

    Raises Refused for a line that is none and for a package that is pinned twice.
    """
    if len(content) > _MOST_BYTES:
        raise Refused(f"has {len(content)} bytes, more than {_MOST_BYTES}")
    pins: dict[tuple[str, str], Pin] = {}
    for at, line in _logical_lines(content.decode(errors="replace")):
        if line.strip(" \t") == "":
            continue
        found = _PINNED.fullmatch(line)
        marker = (found[3] or "").rstrip(" \t") if found else ""
        if found is None or (found[3] is not None and not is_marker(marker)):
            shown = json.dumps(line.strip(" \t")[:_SHOWN])
            raise Refused(f"line {at} is no hash-pinned package, got {shown}")
        name = re.sub(r"[-_.]+", "-", found[1]).lower()
        if (name, marker) in pins:
            raise Refused(f"line {at} pins {name} again")
        pins[name, marker] = Pin(name, found[2], marker, tuple(found[4].split()))
    return list(pins.values())
