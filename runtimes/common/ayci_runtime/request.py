"""Requests of protocol 1, checked field by field (the schemas are in runtimes/contract)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ayci_runtime import check
from ayci_runtime.errors import InvalidRequest

PROTOCOL = 1
ROLES = ("candidate", "baseline")
DTYPES = (
    "float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string"
).split()
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """Bytes that a request names; `label` is what messages call them."""

    label: str
    url: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Artifact:
    """A model's files by their paths in its folder, and the one to open first."""

    entry: str
    files: dict[str, RemoteFile]


@dataclass(frozen=True)
class Fill:
    """How an input's values are made; `low` and `high` of a range, `file` of a file."""

    kind: str
    low: float | None = None
    high: float | None = None
    file: RemoteFile | None = None


@dataclass(frozen=True)
class InputSpec:
    """One input, wholly decided."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    fill: Fill


@dataclass(frozen=True)
class Subject:
    """A model to measure, its inputs, and the unconverted model that it must agree with."""

    role: str
    artifact: Artifact
    inputs: tuple[InputSpec, ...]
    reference: Artifact | None


@dataclass(frozen=True)
class Timing:
    """How long to time; ms and counts."""

    warmups: int
    stretch_ms: float
    stretch_min: int
    block_ms: float
    min_quads: int
    quads_ms: float


@dataclass(frozen=True)
class MeasureRequest:
    """A checked `measure` request."""

    nonce: str
    optimizer: str
    batch: int
    threads: int
    seed: int
    subjects: tuple[Subject, ...]
    timing: Timing
    deadline_ms: float
    retire: bool


@dataclass(frozen=True)
class ConvertRequest:
    """A checked `convert` request."""

    nonce: str
    optimizer: str
    artifact: Artifact
    output: str


def parse(
    event: object, framework: str, optimizers: Collection[str]
) -> MeasureRequest | ConvertRequest:
    """The event as a request that a runtime of `framework` can serve; raises InvalidRequest."""
    if not isinstance(event, dict):
        check.fail("request", event, "an object")
    check.choice(event.get("protocol"), "protocol", (PROTOCOL,))
    op = check.choice(event.get("op"), "op", ("measure", "convert"))
    shape = MEASURE if op == "measure" else CONVERT
    raw = check.fields(event, "request", ("protocol", "op", "nonce", *shape))
    check.choice(raw["framework"], "framework", (framework,))
    check.choice(raw["optimizer"], "optimizer", optimizers)
    nonce = check.text(raw["nonce"], "nonce", 200)
    return _measure(raw, nonce) if op == "measure" else _convert(raw, nonce)


MEASURE = (
    "framework optimizer batch threads seed subjects timing deadlineMs retire".split()
)
CONVERT = "framework optimizer artifact output".split()


def _measure(raw: dict[str, Any], nonce: str) -> MeasureRequest:
    subjects = tuple(
        _subject(item, f"subjects[{i}]")
        for i, item in enumerate(check.items(raw["subjects"], "subjects", 1, 2))
    )
    if len({subject.role for subject in subjects}) < len(subjects):
        raise InvalidRequest(f"subjects: both are the {subjects[0].role}; expected one of each")
    return MeasureRequest(
        nonce,
        raw["optimizer"],
        check.integer(raw["batch"], "batch", 1),
        check.integer(raw["threads"], "threads", 1, 1024),
        check.integer(raw["seed"], "seed"),
        subjects,
        _timing(raw["timing"]),
        check.number(raw["deadlineMs"], "deadlineMs", 0),
        check.boolean(raw["retire"], "retire"),
    )


def _convert(raw: dict[str, Any], nonce: str) -> ConvertRequest:
    artifact = _artifact(raw["artifact"], "artifact")
    return ConvertRequest(nonce, raw["optimizer"], artifact, check.text(raw["output"], "output"))


def _timing(value: object) -> Timing:
    names = "warmups stretchMs stretchMin blockMs minQuads quadsMs".split()
    raw = check.fields(value, "timing", names)
    return Timing(
        check.integer(raw["warmups"], "timing.warmups"),
        check.number(raw["stretchMs"], "timing.stretchMs", 0),
        check.integer(raw["stretchMin"], "timing.stretchMin"),
        check.number(raw["blockMs"], "timing.blockMs", 0),
        check.integer(raw["minQuads"], "timing.minQuads"),
        check.number(raw["quadsMs"], "timing.quadsMs", 0),
    )


def _subject(value: object, place: str) -> Subject:
    raw = check.fields(value, place, ("role", "artifact", "inputs"), ("reference",))
    inputs = check.items(raw["inputs"], f"{place}.inputs")
    reference = raw.get("reference")
    if "reference" in raw:
        reference = _artifact(reference, f"{place}.reference")
    return Subject(
        check.choice(raw["role"], f"{place}.role", ROLES),
        _artifact(raw["artifact"], f"{place}.artifact"),
        tuple(_input(item, f"{place}.inputs[{i}]") for i, item in enumerate(inputs)),
        reference,
    )


def _input(value: object, place: str) -> InputSpec:
    raw = check.fields(value, place, ("name", "dtype", "shape", "fill"))
    name = check.text(raw["name"], f"{place}.name")
    shape = check.items(raw["shape"], f"{place}.shape")
    return InputSpec(
        name,
        check.choice(raw["dtype"], f"{place}.dtype", DTYPES),
        tuple(check.integer(size, f"{place}.shape") for size in shape),
        _fill(raw["fill"], f"{place}.fill", name),
    )


def _fill(value: object, place: str, name: str) -> Fill:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "range":
        raw = check.fields(value, place, ("kind", "low", "high"))
        low, high = (check.number(raw[end], f"{place}.{end}") for end in ("low", "high"))
        return Fill(kind, low, high)
    if kind == "file":
        check.fields(value, place, ("kind", "url", "sha256", "size"))
        return Fill(kind, file=_file(value, place, f"input {name}"))
    check.fields(value, place, ("kind",))
    check.choice(kind, f"{place}.kind", ("normal", "ones", "zeros", "range", "file"))
    return Fill(kind)


def _artifact(value: object, place: str) -> Artifact:
    raw = check.fields(value, place, ("entry", "files"))
    entry = check.text(raw["entry"], f"{place}.entry")
    files: dict[str, RemoteFile] = {}
    for i, item in enumerate(check.items(raw["files"], f"{place}.files", 1)):
        here = f"{place}.files[{i}]"
        check.fields(item, here, ("path", "url", "sha256", "size"))
        path = _relative(item["path"], f"{here}.path")
        if path in files:
            raise InvalidRequest(f"{here}.path: {path!r} is there twice")
        files[path] = _file(item, here, path)
    if entry not in files:
        check.fail(f"{place}.entry", entry, "the path of one of its files")
    return Artifact(entry, files)


def _file(raw: dict[str, Any], place: str, label: str) -> RemoteFile:
    url = check.text(raw["url"], f"{place}.url", 8192)
    # Presigned addresses carry a signature: no message may show more than the scheme.
    scheme = url.split(":", 1)[0]
    if not url.startswith(("file:///", "https://")):
        check.fail(f"{place}.url", f"{scheme[:20]}:…", "a file: or https: address")
    sha256 = check.text(raw["sha256"], f"{place}.sha256")
    if not SHA256.fullmatch(sha256):
        check.fail(f"{place}.sha256", sha256, "64 hexadecimal digits")
    return RemoteFile(label, url, sha256, check.integer(raw["size"], f"{place}.size"))


def _relative(value: object, place: str) -> str:
    path = check.text(value, place)
    if "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        check.fail(place, path, "a relative path inside the model's folder")
    return path
