"""Requests of protocol 1, checked field by field (the schemas are in runtimes/contract)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from . import check

PROTOCOL = 1
ROLES = ("candidate", "baseline")
DTYPES = (
    *("float32", "float64", "float16", "bfloat16", "bool", "string"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
_HEAD = ("protocol", "op", "nonce", "framework", "optimizer")
_MEASURE = ("batch", "threads", "seed", "subjects", "timing", "deadlineMs", "retire")
_CONVERT = ("artifact", "output")
_FILE = ("path", "url", "sha256", "size")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def validate(event: object, framework: str, optimizers: Collection[str]) -> dict[str, Any]:
    """The event, if it is a request that a runtime of `framework` can serve.

    Raises InvalidRequest, which names the place and the value.
    """
    if not isinstance(event, dict):
        check.fail("request", event, "an object")
    check.choice(event.get("protocol"), "protocol", (PROTOCOL,))
    op = check.choice(event.get("op"), "op", ("measure", "convert"))
    check.fields(event, "request", (*_HEAD, *(_MEASURE if op == "measure" else _CONVERT)))
    check.text(event["nonce"], "nonce", 200)
    check.choice(event["framework"], "framework", (framework,))
    check.choice(event["optimizer"], "optimizer", optimizers)
    if op == "convert":
        _artifact(event["artifact"], "artifact")
        check.text(event["output"], "output")
    else:
        _measure(event)
    return event


def _measure(event: dict[str, Any]) -> None:
    check.integer(event["batch"], "batch", 1)
    check.integer(event["threads"], "threads", 1, 1024)
    check.integer(event["seed"], "seed")
    check.number(event["deadlineMs"], "deadlineMs", 0)
    check.boolean(event["retire"], "retire")
    timing = check.fields(
        event["timing"],
        "timing",
        ("warmups", "stretchMs", "stretchMin", "blockMs", "minQuads", "quadsMs"),
    )
    for name in ("warmups", "stretchMin", "minQuads"):
        check.integer(timing[name], f"timing.{name}", 0, 1_000_000)
    for name in ("stretchMs", "blockMs", "quadsMs"):
        check.number(timing[name], f"timing.{name}", 0)
    subjects = check.items(event["subjects"], "subjects", 1, 2)
    for at, subject in enumerate(subjects):
        _subject(subject, f"subjects[{at}]")
    roles = [subject["role"] for subject in subjects]
    if len(set(roles)) < len(roles):
        check.fail("subjects", roles, "one candidate and one baseline")


def _subject(value: object, place: str) -> None:
    raw = check.fields(value, place, ("role", "artifact", "inputs"), ("reference",))
    check.choice(raw["role"], f"{place}.role", ROLES)
    _artifact(raw["artifact"], f"{place}.artifact")
    if "reference" in raw:
        _artifact(raw["reference"], f"{place}.reference")
    for at, spec in enumerate(check.items(raw["inputs"], f"{place}.inputs")):
        _input(spec, f"{place}.inputs[{at}]")


def _input(value: object, place: str) -> None:
    raw = check.fields(value, place, ("name", "dtype", "shape", "fill"))
    check.text(raw["name"], f"{place}.name")
    check.choice(raw["dtype"], f"{place}.dtype", DTYPES)
    for size in check.items(raw["shape"], f"{place}.shape"):
        check.integer(size, f"{place}.shape")
    kind = raw["fill"].get("kind") if isinstance(raw["fill"], dict) else None
    check.choice(kind, f"{place}.fill.kind", ("normal", "ones", "zeros", "range", "file"))
    extra = {"range": ("low", "high"), "file": ("url", "sha256", "size")}.get(kind, ())
    fill = check.fields(raw["fill"], f"{place}.fill", ("kind", *extra))
    if kind == "range":
        check.number(fill["low"], f"{place}.fill.low")
        check.number(fill["high"], f"{place}.fill.high")
    if kind == "file":
        _bytes(fill, f"{place}.fill")


def _artifact(value: object, place: str) -> None:
    raw = check.fields(value, place, ("entry", "files"))
    paths = []
    for at, file in enumerate(check.items(raw["files"], f"{place}.files", 1)):
        here = f"{place}.files[{at}]"
        check.fields(file, here, _FILE)
        path = check.text(file["path"], f"{here}.path")
        parts = path.split("/")
        if "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
            check.fail(f"{here}.path", path, "a relative path inside the model's folder")
        paths.append(path)
        _bytes(file, here)
    if len(set(paths)) < len(paths):
        check.fail(f"{place}.files", paths, "each path once")
    if raw["entry"] not in paths:
        check.fail(f"{place}.entry", raw["entry"], "the path of one of its files")


def _bytes(raw: dict[str, Any], place: str) -> None:
    url = check.text(raw["url"], f"{place}.url", 8192)
    if not url.startswith(("file:///", "https://")):
        # Presigned addresses carry a signature: no message shows more than the scheme.
        check.fail(f"{place}.url", f"{url.split(':', 1)[0][:20]}:…", "a file: or https: address")
    if not _SHA256.fullmatch(check.text(raw["sha256"], f"{place}.sha256")):
        check.fail(f"{place}.sha256", raw["sha256"], "64 hexadecimal digits")
    check.integer(raw["size"], f"{place}.size")
