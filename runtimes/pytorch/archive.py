"""Reads a zip archive that torch will open, and refuses what two readers could see differently."""

from __future__ import annotations

import io
import re
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ayci_runtime.errors import InvalidModel
from directory import Member, read_members
from zip_end import begins_as_archive

# As torch writes it, tensors are stored uncompressed: only code and small records are deflated.
MAX_INFLATED = 256 << 20
_NAME = re.compile(r"[ -\[\]-~]+")
_STORED = 0
_DEFLATED = 8
_ENCRYPTED = 0x1
# By which a name or more is hidden, or patched: strong encryption, and the like.
_ODD_FLAGS = 0xFFFF & ~0x80E


class Archive:
    """The members of an archive, by their names without the root folder that all of them share."""

    def __init__(self, file: BinaryIO, members: Sequence[Member]) -> None:
        self._file = file
        self._members = {each.name.partition("/")[2]: each for each in members}

    @property
    def names(self) -> list[str]:
        """In the archive's order."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises InvalidModel where it is missing or damaged."""
        if name not in self._members:
            raise InvalidModel(f"the archive: got no member {name}; expected one")
        return _unpacked(self._file, self._members[name], name)


@contextmanager
def opened(source: Path | bytes) -> Iterator[Archive]:
    """An archive, checked. Raises InvalidModel."""
    file = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    with file:
        yield Archive(file, read_members(file, _check_members))


def is_archive(path: Path) -> bool:
    """Whether the file begins as a zip archive does."""
    with path.open("rb") as file:
        return begins_as_archive(file)


def _unpacked(file: BinaryIO, member: Member, name: str) -> bytes:
    # What deflate may add to bytes that it cannot make smaller.
    if member.packed > 2 * member.size + (1 << 16):
        raise InvalidModel(f"{name}: larger packed than it can be")
    file.seek(member.data)
    data = file.read(member.packed)
    try:
        if member.method == _DEFLATED:
            # One byte more than it may have.
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, member.size + 1)
    except zlib.error as error:
        raise InvalidModel(f"{name}: cannot be read from the archive: {error}") from None
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise InvalidModel(
            f"{name}: cannot be read from the archive: got another size or checksum than its"
            " directory says"
        )
    return data


def _check_members(members: Sequence[Member]) -> None:
    seen: set[str] = set()
    roots: set[str] = set()
    inflated = 0
    for each in members:
        _check_member(each)
        root, _, name = each.name.partition("/")
        roots.add(root)
        # torch's reader does not tell upper from lower case.
        if name.lower() in seen:
            raise InvalidModel(f"{each.name}: the archive holds it twice")
        seen.add(name.lower())
        if each.method == _DEFLATED:
            inflated += each.size
        if inflated > MAX_INFLATED:
            raise InvalidModel(
                f"the archive: got more than {MAX_INFLATED >> 20} MiB in compressed members;"
                " expected tensors to be stored as torch stores them"
            )
    if len(roots) != 1:
        raise InvalidModel(f"the archive: got {len(roots)} root folders; expected one")


def _check_member(each: Member) -> None:
    parts = each.name.split("/")
    if (
        not _NAME.fullmatch(each.name)
        or len(parts) < 2
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise InvalidModel(
            f"the archive: got member {each.name[:80]!r}; expected a plain relative path"
        )
    name = each.name[:80]
    if each.flags & _ENCRYPTED:
        raise InvalidModel(f"{name}: the archive holds it encrypted")
    if each.flags & _ODD_FLAGS:
        raise InvalidModel(f"{name}: got the flags 0x{each.flags:x}; expected those of torch")
    if stat.S_IFMT(each.mode) and not stat.S_ISREG(each.mode):
        raise InvalidModel(f"{name}: got a link or device; expected a regular file")
    if each.method not in (_STORED, _DEFLATED):
        raise InvalidModel(f"{name}: got compression {each.method}; expected none or deflate")
    if each.method == _STORED and each.size != each.packed:
        raise InvalidModel(f"{name}: two sizes for one stored member")
