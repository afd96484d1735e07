"""The members that a zip archive lists, where every reader finds the same ones."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import BinaryIO, NamedTuple

from ayci_runtime.errors import InvalidModel
from zip_end import find_directory

# Versions by and for, flags, method, time, date, checksum, packed, size, lengths of name, extra
# fields and comment, disk, two attributes, offset.
_ENTRY = struct.Struct("<4s6H3I5H2I")
# Version for, flags, method, time, date, checksum, packed, size, lengths of name and extra fields.
_HEADER = struct.Struct("<4s5H3I2H")
_MAX = 0xFFFFFFFF
_DESCRIBED = 0x8
_ZIP64 = 0x0001
# What torch aligns tensors by.
_PADDING = 0x4246


class Member(NamedTuple):
    """A member. Its name is as it stands, byte by byte, whatever an extra field says."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    # File type and permissions as Unix has them.
    mode: int
    # Where its own header begins, and the bytes behind that.
    offset: int
    data: int


def read_members(file: BinaryIO, check: Callable[[Sequence[Member]], None]) -> list[Member]:
    """In the archive's order. `check`: of the directory, before members' own headers are read.

    Raises InvalidModel where another reader could find other members, names or bytes.
    """
    offset, size, count = find_directory(file)
    file.seek(offset)
    listed = _listed(file.read(size), count)
    check(listed)
    data: dict[int, int] = {}
    end = 0
    for each in sorted(listed, key=lambda member: member.offset):
        if each.offset < end:
            raise InvalidModel("the archive: its members overlap")
        if end == 0 and each.offset > 0:
            raise InvalidModel("the archive: got bytes before its first member; expected none")
        data[each.offset] = _data_of(file, each)
        end = data[each.offset] + each.packed
        if end > offset:
            raise InvalidModel("the archive: its members reach into its directory")
    return [each._replace(data=data[each.offset]) for each in listed]


def _listed(directory: bytes, count: int) -> list[Member]:
    members: list[Member] = []
    at = 0
    while len(members) < count and at + _ENTRY.size <= len(directory):
        magic, _, _, flags, method, _, _, crc, packed, size, *more = _ENTRY.unpack_from(
            directory, at
        )
        name_length, extra_length, comment_length, disk, _, attributes, offset = more
        name_end = at + _ENTRY.size + name_length
        extra_end = name_end + extra_length
        name = directory[at + _ENTRY.size : name_end].decode("latin-1")
        at = extra_end + comment_length
        if magic != b"PK\x01\x02" or at > len(directory) or disk:
            break
        extras = _extras(directory[name_end:extra_end], name)
        size, packed, offset = _longer((size, packed, offset), extras, name)
        members.append(
            Member(name, flags, method, crc, packed, size, attributes >> 16, offset, data=0)
        )
    if len(members) != count or at != len(directory):
        raise InvalidModel(
            f"the archive: its directory does not hold the {count} members that it should, and no"
            " more. Save the model again by torch"
        )
    return members


def _data_of(file: BinaryIO, member: Member) -> int:
    """Where its bytes begin. Raises InvalidModel where its own header differs."""
    file.seek(member.offset)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise _differs(member)
    magic, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _HEADER.unpack(
        header
    )
    name = file.read(name_length).decode("latin-1")
    extras = _extras(file.read(extra_length), member.name)
    if (crc, packed, size) == (0, 0, 0) and flags & _DESCRIBED:
        # Who writes them as a stream, as torch does, tells them behind the bytes.
        crc, packed, size = member.crc, member.packed, member.size
    else:
        size, packed = _longer((size, packed), extras, member.name)
    told = (magic, name, flags, method, crc, packed, size)
    if told != (b"PK\x03\x04", *member[:6]):
        raise _differs(member)
    return member.offset + _HEADER.size + name_length + extra_length


def _differs(member: Member) -> InvalidModel:
    return InvalidModel(
        f"the archive: the own header of {member.name[:80]!r} says other things than the directory"
        " does. Save the model again by torch"
    )


def _longer(values: Sequence[int], extras: dict[int, bytes], name: str) -> list[int]:
    """Sizes and places with those of zip64 in it. Raises InvalidModel for too many or too few."""
    field = extras.get(_ZIP64, b"")
    large = values.count(_MAX)
    if len(field) != 8 * large:
        raise InvalidModel(
            f"the archive: the sizes of zip64 of {name[:80]!r} do not fit its header, got"
            f" {len(field)} bytes; expected {8 * large}. Save the model again by torch"
        )
    numbers = iter(struct.unpack(f"<{large}Q", field))
    return [next(numbers) if value == _MAX else value for value in values]


def _extras(data: bytes, name: str) -> dict[int, bytes]:
    """Raises InvalidModel for fields that torch does not write, such as another name (0x7075)."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<2H", data, at) if at + 4 <= len(data) else (0, _MAX)
        end = at + 4 + length
        if end > len(data) or kind not in (_ZIP64, _PADDING) or kind in found:
            raise InvalidModel(
                f"the archive: got the extra field 0x{kind:04x} of {name[:80]!r}; expected sizes of"
                " zip64 and padding alone. Save the model again by torch"
            )
        found[kind] = data[at + 4 : end]
        at = end
    return found
