"""Reads protobuf messages without their schema: just what a check needs, and bounds first."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

from .errors import InvalidModel

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_LONGEST_VARINT = 10
# Of tags and sizes. Parsers differ in what they make of more bits: some drop them, some do not.
_LONGEST_UINT32 = 5


def fields(data: bytes | mmap, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of each length-delimited field of the message at `begin` to `end`.

    Others are passed over. Raises InvalidModel for what is no protobuf message.
    """
    at = begin
    while at < end:
        key, at = _varint(data, at, end, _LONGEST_UINT32)
        wire = key & 7
        if key >= 2**32 or key < 8:
            raise _malformed(at)
        if wire == BYTES:
            size, at = _varint(data, at, end, _LONGEST_UINT32)
            if size > end - at:
                raise _malformed(at)
            yield key >> 3, at, at + size
            at += size
        elif wire == VARINT:
            _, at = _varint(data, at, end, _LONGEST_VARINT)
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            raise _malformed(at)
    if at != end:
        raise _malformed(at)


def _varint(data: bytes | mmap, begin: int, end: int, longest: int) -> tuple[int, int]:
    """A number and where it ends (the format's section "Base 128 Varints")."""
    value = 0
    for at in range(begin, min(end, begin + longest)):
        byte = data[at]
        value |= (byte & 0x7F) << 7 * (at - begin)
        if byte < 0x80:
            return value, at + 1
    raise _malformed(begin)


def _malformed(at: int) -> InvalidModel:
    return InvalidModel(
        f"model: got bytes that are no protobuf message, at {at}; expected an ONNX model."
        " Export it again"
    )
