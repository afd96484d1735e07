"""Checks a request field by field: what does not fit the protocol is refused, never guessed."""

from __future__ import annotations

from typing import Any

from .adapter import Adapter
from .checks import (
    Check,
    flag,
    many,
    number,
    one_of,
    readable_url,
    record,
    refuse,
    relative_path,
    sha256,
    text,
    upload_url,
    whole,
)
from .errors import InvalidRequest
from .tensors import NUMPY_DTYPES

MAX_SLOTS = 16
MAX_EXCLUDED = 1000
MAX_HOLD_MS = 10_000

_FILE = {"url": readable_url, "sha256": sha256, "size": whole(0)}
_ARTIFACT_FIELDS = record(
    {"entry": relative_path, "files": many(record({"path": relative_path, **_FILE}), 1)}
)
_FILLS: dict[str, dict[str, Check]] = {
    "normal": {},
    "ones": {},
    "zeros": {},
    "range": {"low": number(None), "high": number(None)},
    "file": _FILE,
}


def artifact(value: Any, where: str) -> None:
    """An Artifact: its entry is one of its files, and no path comes twice."""
    _ARTIFACT_FIELDS(value, where)
    paths = [file["path"] for file in value["files"]]
    if len(set(paths)) != len(paths):
        raise InvalidRequest(f"{where}.files: a path comes twice")
    if value["entry"] not in paths:
        refuse(f"{where}.entry", value["entry"], "the path of one of the files")


def fill(value: Any, where: str) -> None:
    """A Fill, with the fields of its kind."""
    kind = value.get("kind") if isinstance(value, dict) else None
    one_of(*_FILLS)(kind, f"{where}.kind")
    record({"kind": text, **_FILLS[kind]})(value, where)


_INPUT = record(
    {
        "name": text,
        "dtype": one_of(*NUMPY_DTYPES),
        "shape": many(whole(0), 0),
        "fill": fill,
    }
)
_SUBJECT = record(
    {"role": one_of("candidate", "baseline"), "artifact": artifact, "inputs": many(_INPUT, 0)},
    {"reference": artifact, "expected": artifact},
)
_TIMING = record(
    {
        "warmups": whole(0),
        "stretchMs": number(0),
        "stretchMin": whole(0),
        "blockMs": number(0),
        "minQuads": whole(0),
        "quadsMs": number(0),
    }
)


def _common(op: str, framework: str, optimizers: tuple[str, ...]) -> dict[str, Check]:
    return {
        "protocol": one_of(1),
        "op": one_of(op),
        "nonce": text,
        "framework": one_of(framework),
        "optimizer": one_of(*optimizers),
    }


def check_measure(request: Any, adapter: Adapter) -> None:
    """Raises InvalidRequest unless `request` is a MeasureRequest for this runtime."""
    record(
        {
            **_common("measure", adapter.framework, adapter.optimizers),
            "batch": whole(1),
            "threads": whole(1),
            "seed": whole(None),
            "subjects": many(_SUBJECT, 1, 2),
            "timing": _TIMING,
            "deadlineMs": number(0, above=True),
            "retire": flag,
        },
        {
            "notIn": many(text, 0, MAX_EXCLUDED),
            "fresh": flag,
            "holdMs": number(0, most=MAX_HOLD_MS),
        },
    )(request, "request")
    roles = [subject["role"] for subject in request["subjects"]]
    if len(set(roles)) != len(roles):
        raise InvalidRequest("request.subjects: a role comes twice")


_UPLOAD = record({"url": upload_url})
_SLOTS = record({"slots": many(_UPLOAD, 1, MAX_SLOTS), "result": _UPLOAD})


def _output(value: Any, where: str) -> None:
    """A `file:` URL of a folder, or slots to upload to."""
    if isinstance(value, dict):
        _SLOTS(value, where)
    elif not isinstance(value, str) or not value.startswith("file:///"):
        raise InvalidRequest(f"{where}: got something else; expected a file:/// URL or slots")


def _check_made(request: Any, op: str, framework: str, optimizers: tuple[str, ...]) -> None:
    record(
        {
            **_common(op, framework, optimizers),
            "artifact": artifact,
            "hardware": one_of("x86_64", "arm64"),
            "batch": whole(1),
            "threads": whole(1),
            "seed": whole(None),
            "inputs": many(_INPUT, 0),
            "output": _output,
        }
    )(request, "request")


def check_convert(request: Any, adapter: Adapter) -> None:
    """Raises InvalidRequest unless `request` is a ConvertRequest for this runtime."""
    _check_made(request, "convert", adapter.framework, adapter.conversions)


def check_infer(request: Any, adapter: Adapter) -> None:
    """Raises InvalidRequest unless `request` is an InferRequest for this runtime."""
    _check_made(request, "infer", adapter.framework, ("vanilla",))


def check_describe(request: Any, adapter: Adapter) -> None:
    """Raises InvalidRequest unless `request` is a DescribeRequest for this runtime."""
    fields = _common("describe", adapter.framework, _described(adapter))
    record(fields, {"artifact": artifact})(request, "request")


def _described(adapter: Adapter) -> tuple[str, ...]:
    """What a description may be of: one without a model is of the runtime itself."""
    return tuple(dict.fromkeys((*adapter.optimizers, "vanilla")))
