"""Reads a zip archive that torch will open, and refuses what two readers could see differently."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ayci_runtime.errors import InvalidModel

# As torch writes it, tensors are stored uncompressed: only code and small records are deflated.
MAX_INFLATED = 256 << 20
MAX_MEMBERS = 200_000
_NAME = re.compile(r"[ -\[\]-~]+")
_ENCRYPTED = 0x1
_MAGIC = b"PK\x03\x04"
# End of central directory record, without a comment.
_END_SIZE = 22
_END_MAGIC = b"PK\x05\x06"


class Archive:
    """The members of an archive, by their names without the root folder that all of them share."""

    def __init__(self, zipped: zipfile.ZipFile) -> None:
        self._zipped = zipped
        self._members = _members(zipped.infolist())

    @property
    def names(self) -> list[str]:
        """In the archive's order."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises InvalidModel where it is missing or damaged."""
        if name not in self._members:
            raise InvalidModel(f"the archive: got no member {name}; expected one")
        try:
            return self._zipped.read(self._members[name])
        except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
            raise InvalidModel(f"{name}: cannot be read from the archive: {error}") from None


@contextmanager
def opened(source: Path | bytes) -> Iterator[Archive]:
    """An archive, checked. Raises InvalidModel."""
    file = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    with file:
        size = _checked_size(file)
        try:
            zipped = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise InvalidModel(f"the archive: cannot be read: {error}") from None
        with zipped:
            _check_sizes(zipped.infolist(), size)
            yield Archive(zipped)


def is_archive(path: Path) -> bool:
    """Whether the file begins as a zip archive does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _checked_size(file: BinaryIO) -> int:
    """Bytes. Only with nothing before and nothing after it every reader finds one directory."""
    begin = file.read(len(_MAGIC))
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_SIZE))
    end = file.read()
    if begin != _MAGIC or not end.startswith(_END_MAGIC) or end[-2:] != b"\0\0":
        raise InvalidModel("the archive: got bytes before or after it; expected a zip file alone")
    return size


def _check_sizes(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > MAX_MEMBERS:
        raise InvalidModel(f"the archive: got {len(members)} members; expected {MAX_MEMBERS}")
    if sum(each.compress_size for each in members) > size:
        raise InvalidModel("the archive: its members overlap")
    inflated = 0
    for each in members:
        if each.compress_type == zipfile.ZIP_STORED:
            if each.file_size != each.compress_size:
                raise InvalidModel(f"{each.filename}: two sizes for one stored member")
            continue
        if each.compress_type != zipfile.ZIP_DEFLATED:
            raise InvalidModel(
                f"{each.filename}: got compression {each.compress_type}; expected none or deflate"
            )
        inflated += each.file_size
        if inflated > MAX_INFLATED:
            raise InvalidModel(
                f"the archive: got more than {MAX_INFLATED >> 20} MiB in compressed members;"
                " expected tensors to be stored as torch stores them"
            )


def _members(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    roots: set[str] = set()
    for each in members:
        _check_member(each)
        root, _, name = each.filename.partition("/")
        roots.add(root)
        # torch's reader does not tell upper from lower case.
        if name.lower() in seen:
            raise InvalidModel(f"{each.filename}: the archive holds it twice")
        seen.add(name.lower())
        found[name] = each
    if len(roots) != 1:
        raise InvalidModel(f"the archive: got {len(roots)} root folders; expected one")
    return found


def _check_member(each: zipfile.ZipInfo) -> None:
    # A name that is cut at a NUL has a longer original.
    name = each.orig_filename
    parts = name.split("/")
    if not _NAME.fullmatch(name) or len(parts) < 2 or any(p in ("", ".", "..") for p in parts):
        raise InvalidModel(f"the archive: got member {name[:80]!r}; expected a plain relative path")
    if each.flag_bits & _ENCRYPTED:
        raise InvalidModel(f"{name}: the archive holds it encrypted")
    mode = each.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        raise InvalidModel(f"{name}: got a link or device; expected a regular file")
