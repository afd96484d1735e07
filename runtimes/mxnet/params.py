"""What a .params file holds, read without loading it."""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from ayci_runtime.errors import InvalidModel

# MXNet 1.9.1's src/c_api/c_api.cc and src/ndarray/ndarray.cc.
_LIST_MAGIC = 0x112
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_DENSE = 0
_MOST_ARRAYS = 100_000
_MOST_AXES = 32
_LONGEST_NAME = 4096
# By type flag, mshadow/base.h; 10 to 12 and others are no parameters that MXNet writes.
DTYPES = {
    0: "float32",
    1: "float64",
    2: "float16",
    3: "uint8",
    4: "int32",
    5: "int8",
    6: "int64",
    7: "bool",
}


@dataclass(frozen=True)
class ParamType:
    """A parameter's shape and dtype."""

    shape: tuple[int, ...]
    dtype: str


def read_params(path: Path) -> dict[str, ParamType]:
    """The parameters of a file by their names, without the prefixes `arg:` and `aux:`.

    Raises InvalidModel where the file is anything but a list of dense arrays with one name each.
    """
    with path.open("rb") as file:
        reader = _Reader(file, path.name)
        if reader.number("<Q") != _LIST_MAGIC:
            raise reader.odd("its first bytes are not those of MXNet's parameters")
        reader.number("<Q")
        types = [_array(reader) for _ in range(reader.count(_MOST_ARRAYS, "arrays"))]
        names = [_name(reader) for _ in range(reader.count(_MOST_ARRAYS, "names"))]
        if len(names) != len(types):
            raise reader.odd(f"{len(types)} arrays with {len(names)} names")
        if reader.left:
            raise reader.odd(f"{reader.left} bytes after the names")
        found = dict(zip(names, types, strict=True))
        if len(found) != len(names):
            raise reader.odd("two arrays of one name")
        return found


class _Reader:
    """Numbers of a file, in turn, none of them from beyond its end."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self.left = os.fstat(file.fileno()).st_size

    def odd(self, what: str) -> InvalidModel:
        return InvalidModel(
            f"{self._name}: got {what}; expected parameters as net.export and mod.save_checkpoint"
            " write them. Export the model again"
        )

    def take(self, length: int) -> bytes:
        self.pass_over(length)
        self._file.seek(-length, os.SEEK_CUR)
        return self._file.read(length)

    def pass_over(self, length: int) -> None:
        if length > self.left:
            raise self.odd("a file that ends early")
        self.left -= length
        self._file.seek(length, os.SEEK_CUR)

    def number(self, form: str) -> int:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def count(self, most: int, what: str) -> int:
        found = self.number("<Q")
        if found > most:
            raise self.odd(f"{found} {what}")
        return found


def _array(reader: _Reader) -> ParamType:
    magic = reader.number("<I")
    if magic in (_V2, _V3) and reader.number("<i") != _DENSE:
        raise reader.odd("a sparse array")
    modern = magic in (_V1, _V2, _V3)
    axes = reader.number("<i") if modern else magic
    if not 0 <= axes <= _MOST_AXES:
        raise reader.odd(f"an array of {axes} dimensions")
    shape = tuple(reader.number("<q" if modern else "<I") for _ in range(axes))
    if any(size < 0 for size in shape):
        raise reader.odd("an array of a negative size")
    if axes == 0 and magic != _V3:
        raise reader.odd("an array without values")
    # The device that it was saved from: its kind and number.
    reader.take(8)
    flag = reader.number("<i")
    if flag not in DTYPES:
        raise reader.odd(f"an array of element type {flag}")
    dtype = DTYPES[flag]
    reader.pass_over(math.prod(shape) * np.dtype(dtype).itemsize)
    return ParamType(shape, dtype)


def _name(reader: _Reader) -> str:
    raw = reader.take(reader.count(_LONGEST_NAME, "characters in a name"))
    try:
        return raw.decode().removeprefix("arg:").removeprefix("aux:")
    except UnicodeDecodeError:
        raise reader.odd("a name that is not UTF-8") from None
