"""Archives that two readers could see differently: refused, whatever torch alone finds in them."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import app
import payloads
import pytest
import torch
from archive import opened
from ayci_runtime.errors import InvalidModel
from payloads import SAMPLES, WEIGHTS
from pytorch_models import members
from runtime_requests import artifact_of, ask, describe_of
from script_code import check_code

Members = dict[str, bytes]
HARMLESS = "model/extra/harmless"
EVIL_WEIGHT = "model/data/weights/weight_0"
EVIL_CONFIG = f"model/{WEIGHTS}"


class Placed(NamedTuple):
    offset: int
    crc: int
    size: int


class Writer:
    """Writes an archive part by part, as nobody's library would."""

    def __init__(self) -> None:
        self.out = bytearray()

    def member(self, name: str, data: bytes, extra: bytes = b"", method: int = 0) -> Placed:
        placed = Placed(len(self.out), zlib.crc32(data), len(data))
        numbers = (20, 0, method, 0, 0, placed.crc, len(data), len(data), len(name), len(extra))
        self.out += struct.pack("<4s5H3I2H", b"PK\x03\x04", *numbers)
        self.out += name.encode() + extra + data
        return placed

    def all(self, found: Members) -> dict[str, Placed]:
        return {name: self.member(name, data) for name, data in found.items()}

    def end(self, count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
        numbers = (0, 0, count, count, size, offset, len(comment))
        return struct.pack("<4s4H2IH", b"PK\x05\x06", *numbers) + comment

    def closed(self, listed: dict[str, Placed], extra: bytes = b"") -> bytes:
        """With a plain directory and its end. `extra`: of the first member."""
        lines = [
            entry(name, at, b"" if n else extra) for n, (name, at) in enumerate(listed.items())
        ]
        directory = b"".join(lines)
        return bytes(self.out) + directory + self.end(len(listed), len(directory), len(self.out))


def entry(name: str, at: Placed, extra: bytes = b"", comment: bytes = b"") -> bytes:
    sizes = (at.crc, at.size, at.size, len(name), len(extra), len(comment))
    numbers = (20, 20, 0, 0, 0, 0, *sizes, 0, 0, 0, at.offset)
    return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *numbers) + name.encode() + extra + comment


def directory_of(listed: dict[str, Placed], length: int = 0, shift: int = 0) -> bytes:
    """Of `length` bytes at least, by a comment. `shift`: of all offsets."""
    lines = [entry(name, at._replace(offset=at.offset - shift)) for name, at in listed.items()]
    short = length - len(b"".join(lines))
    if short > 0:
        name, at = next(iter(listed.items()))
        lines[0] = entry(name, at._replace(offset=at.offset - shift), comment=b"#" * short)
    return b"".join(lines)


def other_name(raw: str, shown: str) -> bytes:
    """The extra field 0x7075: a name in Unicode, in place of the one that stands there."""
    data = b"\x01" + struct.pack("<I", zlib.crc32(raw.encode())) + shown.encode()
    return struct.pack("<2H", 0x7075, len(data)) + data


def two_directories(plain: Members, evil: Members) -> bytes:
    """One by its offset, with the payload; one by its size, right before the end."""
    writer = Writer()
    writer.member(HARMLESS, b"." * 8000)
    good = writer.all(plain)
    bad = directory_of({**good, **writer.all(evil)})
    size = len(bad)
    shown = directory_of(good, size, shift=size)
    assert len(shown) == size
    return bytes(writer.out) + bad + shown + writer.end(len(good), size, len(writer.out))


def two_large_ends(plain: Members, evil: Members) -> bytes:
    """Of zip64: one that its locator names, and one right before it."""
    writer = Writer()
    good = writer.all(plain)
    bad = {**good, **writer.all(evil)}
    begin = len(writer.out)
    hidden, shown = directory_of(bad), directory_of(good)

    def large(count: int, size: int, offset: int) -> bytes:
        numbers = (44, 45, 45, 0, 0, count, count, size, offset)
        return struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", *numbers)

    first = large(len(bad), len(hidden), begin)
    second = large(len(good), len(shown), begin + len(hidden) + len(first))
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, begin + len(hidden), 1)
    end = writer.end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return bytes(writer.out) + hidden + first + shown + second + locator + end


def another_name(plain: Members, evil: Members) -> bytes:
    writer = Writer()
    placed = writer.all({**evil, **{k: v for k, v in plain.items() if k not in evil}})
    assert next(iter(placed)) == EVIL_CONFIG
    return writer.closed(placed, other_name(EVIL_CONFIG, HARMLESS))


def another_name_in_a_header(plain: Members, evil: Members) -> bytes:
    writer = Writer()
    config = writer.member(EVIL_CONFIG, evil[EVIL_CONFIG], extra=other_name(EVIL_CONFIG, HARMLESS))
    rest = {k: v for k, v in {**plain, **evil}.items() if k != EVIL_CONFIG}
    return writer.closed({EVIL_CONFIG: config, **writer.all(rest)})


def headers_that_differ(plain: Members, evil: Members) -> bytes:
    writer = Writer()
    good = writer.all({k: v for k, v in plain.items() if k not in evil})
    bad = {name: writer.member(HARMLESS, data) for name, data in evil.items()}
    return writer.closed({**good, **bad})


def methods_that_differ(plain: Members, evil: Members) -> bytes:
    writer = Writer()
    good = writer.all({k: v for k, v in plain.items() if k not in evil})
    bad = {name: writer.member(name, data, method=8) for name, data in evil.items()}
    return writer.closed({**good, **bad})


def a_member_in_a_member(plain: Members, evil: Members) -> bytes:
    inner = Writer()
    found = inner.all(evil)
    writer = Writer()
    outer = writer.member(HARMLESS, bytes(inner.out))
    shift = outer.offset + 30 + len(HARMLESS)
    bad = {name: at._replace(offset=at.offset + shift) for name, at in found.items()}
    good = writer.all({k: v for k, v in plain.items() if k not in evil})
    return writer.closed({HARMLESS: outer, **good, **bad})


def an_unlisted_beginning(plain: Members, evil: Members) -> bytes:
    writer = Writer()
    writer.member(HARMLESS, b"1")
    return writer.closed(writer.all({**plain, **evil}))


def fewer_members_than_listed(plain: Members, evil: Members) -> bytes:
    """Who counts stops before the last, who goes by the size does not."""
    writer = Writer()
    placed = writer.all({**plain, **evil, HARMLESS: b"1"})
    directory = directory_of(placed)
    end = writer.end(len(placed) - 1, len(directory), len(writer.out))
    return bytes(writer.out) + directory + end


def a_name_in_upper_case(plain: Members, evil: Members) -> bytes:
    """Which torch finds as well, as the inputs that the program was exported with."""
    writer = Writer()
    samples = {f"model/{SAMPLES.replace('.pt', '.PT')}": evil[EVIL_WEIGHT]}
    rest = {name: data for name, data in plain.items() if name != f"model/{SAMPLES}"}
    return writer.closed(writer.all({**rest, **samples}))


TRICKS: dict[Callable[[Members, Members], bytes], str] = {
    two_directories: "its directory does not end at its end record, got ",
    two_large_ends: "got no zip64 end record right before its locator",
    another_name: f"got the extra field 0x7075 of '{EVIL_CONFIG}'",
    another_name_in_a_header: f"got the extra field 0x7075 of '{EVIL_CONFIG}'",
    headers_that_differ: "says other things than the directory",
    methods_that_differ: "says other things than the directory",
    a_member_in_a_member: "its members overlap",
    an_unlisted_beginning: "got bytes before its first member",
    fewer_members_than_listed: "its directory does not hold the ",
    a_name_in_upper_case: "got member data/sample_inputs/model.PT",
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Members:
    path = payloads.plain(tmp_path_factory.mktemp("plain") / "plain.pt2")
    return {f"model/{name.partition('/')[2]}": data for name, data in members(path).items()}


def written(
    trick: Callable[[Members, Members], bytes], plain: Members, folder: Path
) -> tuple[Path, Path]:
    """A harmless program with a pickled weight in it that not every reader sees, and its mark."""
    path, mark = folder / f"{trick.__name__}.pt2", folder / f"ran_{trick.__name__}"
    found = {name.partition("/")[2]: data for name, data in plain.items()}
    payloads.pickled_weight(found, mark)
    evil = {name: found[name.partition("/")[2]] for name in (EVIL_CONFIG, EVIL_WEIGHT)}
    path.write_bytes(trick(plain, evil))
    return path, mark


@pytest.fixture(scope="module")
def unchecked(tmp_path_factory: pytest.TempPathFactory, plain: Members) -> dict[str, Path]:
    """The marks of all payloads after torch alone has loaded them."""
    folder = tmp_path_factory.mktemp("unchecked")
    made = {trick.__name__: written(trick, plain, folder) for trick in TRICKS}
    support = str(Path(__file__).resolve().parents[1] / "support")
    subprocess.run(
        [sys.executable, payloads.__file__, *(str(path) for path, _ in made.values())],
        check=True,
        env={**{k: v for k, v in os.environ.items() if "TORCH" not in k}, "PYTHONPATH": support},
    )
    return {name: mark for name, (_, mark) in made.items()}


def described(path: Path) -> dict:
    artifact = artifact_of(path, entry=f"model{path.suffix}")
    return ask(app.handler, describe_of("pytorch", artifact))


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
def test_a_payload_behind_a_trick_does_not_run(
    trick: Callable[[Members, Members], bytes],
    plain: Members,
    tmp_path: Path,
    unchecked: dict[str, Path],
) -> None:
    assert unchecked[trick.__name__].exists(), "torch alone does not see it: this proves nothing"
    path, mark = written(trick, plain, tmp_path)
    with pytest.raises(InvalidModel) as caught:
        described(path)
    assert TRICKS[trick] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


def bytes_of(found: Members) -> bytes:
    writer = Writer()
    return writer.closed(writer.all(found))


def test_a_writer_without_tricks_is_accepted(plain: Members, tmp_path: Path) -> None:
    path = tmp_path / "plain.pt2"
    path.write_bytes(bytes_of(plain))
    assert described(path)["inputs"][0]["name"] == "x"


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidModel) as caught, opened(data):
        pass
    return str(caught.value)


FOUND = {"m/data.pkl": b"N.", "m/version": b"3"}


def test_refuses_a_comment() -> None:
    data = bytes_of(FOUND)
    assert "before or after" in refusal(data[:-2] + b"\x01\x00#")


def test_refuses_data_that_reaches_into_the_directory() -> None:
    writer = Writer()
    placed = writer.all(FOUND)
    last = writer.out.rindex(b"PK\x03\x04")
    struct.pack_into("<2I", writer.out, last + 18, 9, 9)
    placed["m/version"] = placed["m/version"]._replace(size=9)
    assert "reach into its directory" in refusal(writer.closed(placed))


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_refuses_one_that_is_cut(cut: int) -> None:
    assert "the archive" in refusal(bytes_of(FOUND)[:-cut])


def test_refuses_sizes_of_zip64_that_do_not_fit() -> None:
    writer = Writer()
    field = struct.pack("<2HQ", 1, 8, 2)
    assert "sizes of zip64" in refusal(writer.closed(writer.all(FOUND), extra=field))


def test_reads_sizes_of_zip64() -> None:
    writer = Writer()
    placed = writer.all(FOUND)
    name, at = next(iter(placed.items()))
    field = struct.pack("<2H3Q", 1, 24, at.size, at.size, at.offset)
    large = Placed(0xFFFFFFFF, at.crc, 0xFFFFFFFF)
    data = writer.closed({name: large, "m/version": placed["m/version"]}, extra=field)
    with opened(data) as archive:
        assert archive.read("data.pkl") == FOUND[name]


def test_accepts_what_torch_writes(tmp_path: Path) -> None:
    large = torch.nn.Linear(2000, 2000)
    path = tmp_path / "large.pt2"
    torch.export.save(torch.export.export(large, (torch.ones(1, 2000),)), path)
    assert path.stat().st_size > 10 << 20
    assert described(path)["outputs"]
    torch.jit.save(torch.jit.script(large), tmp_path / "large.pt")
    assert described(tmp_path / "large.pt")["outputs"]
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(3)}, buffer)
    with opened(buffer.getvalue()) as archive:
        assert "data.pkl" in archive.names


NESTED = 60_000


def test_reads_nested_attributes_in_one_pass() -> None:
    """By the square of their number, this would take minutes."""
    check_code("getattr(" * NESTED + "x" + ', "a")' * NESTED, "code/a.py")
    check_code("__torch__..." * NESTED + "x", "code/a.py")


@pytest.mark.parametrize("code", ["(x", "x)", "(x]", 'getattr(x, "a"', "getattr(x, y)"])
def test_refuses_code_with(code: str) -> None:
    with pytest.raises(InvalidModel, match="expected code as torch writes it"):
        check_code(code, "code/a.py")
