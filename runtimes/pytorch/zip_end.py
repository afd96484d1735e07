"""Finds the directory of a zip archive where all readers do.

Some go by its offset (torch's), others by its size, backwards from its end (Python's own).
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, NamedTuple

from ayci_runtime.errors import InvalidModel

MAX_MEMBERS = 200_000
_MAX_DIRECTORY = 64 << 20
_MAGIC = b"PK\x03\x04"
# Disk, disk of the directory, members here, members, size and offset; a comment's length.
_END = struct.Struct("<4s4H2IH")
_LOCATOR = struct.Struct("<4sIQI")
# Bytes that follow, two versions, and the same six numbers.
_LARGE_END = struct.Struct("<4sQ2H2I4Q")
# What the first end record has in place of numbers that are in the one of zip64.
_ABSENT = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


class Directory(NamedTuple):
    """Where it begins, its bytes, and the members that it lists."""

    offset: int
    size: int
    count: int


def begins_as_archive(file: BinaryIO) -> bool:
    """Whether it begins as a zip archive does."""
    file.seek(0)
    return file.read(len(_MAGIC)) == _MAGIC


def find_directory(file: BinaryIO) -> Directory:
    """Raises InvalidModel where two readers could find another, or where something is around it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LARGE_END.size - _LOCATOR.size - _END.size))
    tail = file.read()
    end = tail[-_END.size :]
    if not begins_as_archive(file) or not end.startswith(b"PK\x05\x06") or end[-2:] != b"\0\0":
        raise InvalidModel("the archive: got bytes before or after it; expected a zip file alone")
    told = _END.unpack(end)[1:-1]
    large = _large_end(tail[: -_END.size], size - _END.size)
    behind = size - _END.size
    if large:
        behind -= _LOCATOR.size + _LARGE_END.size
        if any(a not in (b, c) for a, b, c in zip(told, large, _ABSENT, strict=True)):
            raise InvalidModel("the archive: got two end records that differ; expected equal ones")
    disk, first, here, count, length, offset = large or told
    if disk or first or here != count:
        raise InvalidModel("the archive: got a part of one; expected a zip file alone")
    if count > MAX_MEMBERS or length > _MAX_DIRECTORY:
        raise InvalidModel(
            f"the archive: got {count} members in a directory of {length} bytes; expected at most"
            f" {MAX_MEMBERS} in {_MAX_DIRECTORY}"
        )
    if offset + length != behind:
        raise InvalidModel(
            f"the archive: its directory does not end at its end record, got {offset} + {length};"
            f" expected {behind}. Save the model again by torch"
        )
    return Directory(offset, length, count)


def _large_end(tail: bytes, end: int) -> tuple[int, ...] | None:
    """The numbers of zip64; none where a reader would not look for them. `end`: of `tail`."""
    locator = tail[-_LOCATOR.size :]
    if not locator.startswith(b"PK\x06\x07") or len(locator) < _LOCATOR.size:
        return None
    begin = end - _LOCATOR.size - _LARGE_END.size
    record = tail[: -_LOCATOR.size]
    if _LOCATOR.unpack(locator)[1:] == (0, begin, 1) and len(record) == _LARGE_END.size:
        magic, following, _, _, *numbers = _LARGE_END.unpack(record)
        if magic == b"PK\x06\x06" and following == _LARGE_END.size - 12:
            return tuple(numbers)
    raise InvalidModel(
        "the archive: got no zip64 end record right before its locator; expected one."
        " Save the model again by torch"
    )
