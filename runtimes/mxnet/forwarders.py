"""Writes a shared library for arm64 whose functions are another's under other names."""

from __future__ import annotations

import struct
from collections.abc import Mapping

# ELF for the Arm 64-bit Architecture (AAELF64) and the System V gABI.
_AARCH64 = 183
_GLOB_DAT = 1025
_LOAD, _DYNAMIC = 1, 2
_READ_EXECUTE, _READ_WRITE = 5, 6
_HEADERS = 64 + 3 * 56
# Larger than any page of arm64: what is written lies in pages of its own.
_PAGE = 0x10000
_SYMBOL, _RELOCATION, _SLOT, _STUB = 24, 24, 8, 16


def library(needed: str, forwards: Mapping[str, str]) -> bytes:
    """An ELF file that defines each key as the function of its value, of the library `needed`.

    A function is a jump by way of x16, which calls may change (AAPCS64).
    """
    count = len(forwards)
    names = [*forwards, *forwards.values()]
    strings, at = _strings([needed, *names])
    # Offsets, which are addresses too.
    symbols = _HEADERS
    hashes = symbols + _SYMBOL * (len(names) + 1)
    texts = hashes + 4 * (len(names) + 4)
    relocations = _aligned(texts + len(strings), 8)
    code = _aligned(relocations + _RELOCATION * count, 16)
    end = code + _STUB * count
    slots = _aligned(end, _PAGE)
    dynamic = slots + _SLOT * count

    entries = _entries(
        {
            "needed": at[needed],
            "hash": hashes,
            "strtab": texts,
            "symtab": symbols,
            "strsz": len(strings),
            "syment": _SYMBOL,
            "rela": relocations,
            "relasz": _RELOCATION * count,
            "relaent": _RELOCATION,
            "null": 0,
        }
    )
    parts = {
        0: _header(),
        64: _segment(_LOAD, _READ_EXECUTE, 0, end, _PAGE)
        + _segment(_LOAD, _READ_WRITE, slots, _SLOT * count + len(entries), _PAGE)
        + _segment(_DYNAMIC, _READ_WRITE, dynamic, len(entries), 8),
        symbols: bytes(_SYMBOL)
        + b"".join(_defined(at[name], code + _STUB * i) for i, name in enumerate(forwards))
        + b"".join(_undefined(at[name]) for name in forwards.values()),
        # One bucket, with all symbols in a chain.
        hashes: struct.pack("<4I", 1, len(names) + 1, 1, 0)
        + struct.pack(f"<{len(names)}I", *range(2, len(names) + 1), 0),
        texts: strings,
        relocations: b"".join(
            struct.pack("<QQq", slots + _SLOT * i, (count + 1 + i) << 32 | _GLOB_DAT, 0)
            for i in range(count)
        ),
        code: b"".join(_jump(code + _STUB * i, slots + _SLOT * i) for i in range(count)),
        dynamic: entries,
    }
    made = bytearray(dynamic + len(entries))
    for offset, part in parts.items():
        made[offset : offset + len(part)] = part
    return bytes(made)


def _aligned(offset: int, to: int) -> int:
    return -(-offset // to) * to


def _strings(names: list[str]) -> tuple[bytes, dict[str, int]]:
    """A string table, and where each name is in it."""
    found = {}
    table = b"\0"
    for name in names:
        found[name] = len(table)
        table += name.encode() + b"\0"
    return table, found


_TAGS = {
    **{"null": 0, "needed": 1, "hash": 4, "strtab": 5, "symtab": 6},
    **{"rela": 7, "relasz": 8, "relaent": 9, "strsz": 10, "syment": 11},
}


def _entries(values: Mapping[str, int]) -> bytes:
    """The dynamic section."""
    return b"".join(struct.pack("<QQ", _TAGS[tag], value) for tag, value in values.items())


# A global function.
_KIND = 0x12


def _defined(name: int, address: int) -> bytes:
    # 1 stands for a section, of which there is none.
    return struct.pack("<IBBHQQ", name, _KIND, 0, 1, address, _STUB)


def _undefined(name: int) -> bytes:
    return struct.pack("<IBBHQQ", name, _KIND, 0, 0, 0, 0)


def _header() -> bytes:
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", 3, _AARCH64, 1, 0, 64, 0, 0, 64, 56, 3, 64, 0, 0)


def _segment(kind: int, flags: int, offset: int, size: int, align: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, offset, offset, offset, size, size, align)


def _jump(address: int, slot: int) -> bytes:
    """adrp x16, slot; ldr x16, [x16, slot]; br x16; nop."""
    pages = (slot >> 12) - (address >> 12)
    adrp = 0x90000010 | (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5
    load = 0xF9400210 | (slot & 0xFFF) >> 3 << 10
    return struct.pack("<4I", adrp, load, 0xD61F0200, 0xD503201F)
