"""Reads protobuf messages without their schema: just what a check needs, and bounds first."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

from .errors import InvalidModel

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT_BITS = 63


def fields(data: bytes | mmap, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of each length-delimited field of the message at `begin` to `end`.

    Others are passed over. Raises InvalidModel for what is no protobuf message.
    """
    at = begin
    while at < end:
        key, at = _varint(data, at, end)
        wire = key & 7
        if wire == BYTES:
            size, at = _varint(data, at, end)
            if size > end - at:
                raise _malformed(at)
            yield key >> 3, at, at + size
            at += size
        elif wire == VARINT:
            _, at = _varint(data, at, end)
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            raise _malformed(at)
    if at != end:
        raise _malformed(at)


def _varint(data: bytes | mmap, at: int, end: int) -> tuple[int, int]:
    """A number and where it ends (the format's section "Base 128 Varints")."""
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > _MAX_VARINT_BITS:
            break
    raise _malformed(at)


def _malformed(at: int) -> InvalidModel:
    return InvalidModel(
        f"model: got bytes that are no protobuf message, at {at}; expected an ONNX model."
        " Export it again"
    )
