"""Requests as the runner makes them, for the handler of any runtime. No framework is imported."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

TIMING = {
    "warmups": 1,
    "stretchMs": 2,
    "stretchMin": 3,
    "blockMs": 1,
    "minQuads": 2,
    "quadsMs": 0,
}


def file_of(path: Path, name: str | None = None) -> dict:
    data = path.read_bytes()
    return {
        "path": name or path.name,
        "url": path.resolve().as_uri(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }


def artifact_of(*paths: Path, entry: str | None = None) -> dict:
    """The first file is the entry, renamed where `entry` says so."""
    first, *others = paths
    entry = entry or first.name
    return {"entry": entry, "files": [file_of(first, entry), *map(file_of, others)]}


def folder_artifact(folder: Path, entry: str) -> dict:
    """All files of a folder, under their relative paths."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [file_of(path, path.relative_to(folder).as_posix()) for path in paths]
    return {"entry": entry, "files": files}


def input_of(name: str, dtype: str, shape, kind: str = "normal", **more) -> dict:
    return {"name": name, "dtype": dtype, "shape": list(shape), "fill": {"kind": kind, **more}}


def subject_of(artifact: dict, *inputs: dict, role: str = "candidate", **more) -> dict:
    """`more`: reference (vanilla's artifact, same runtime) or expected (an artifact of outputs)."""
    return {"role": role, "artifact": artifact, "inputs": list(inputs), **more}


def measure_of(framework: str, optimizer: str, *subjects: dict, **more) -> dict:
    return {
        "protocol": 1,
        "op": "measure",
        "nonce": "nonce-1",
        "framework": framework,
        "optimizer": optimizer,
        "batch": 1,
        "threads": 1,
        "seed": 5,
        "subjects": list(subjects),
        "timing": TIMING,
        "deadlineMs": 50_000,
        "retire": False,
        **more,
    }


def convert_of(framework: str, optimizer: str, artifact: dict, output: Path, *inputs: dict, **more):
    """Into a folder of this machine; `op="infer"` with optimizer vanilla asks for the outputs."""
    return {
        "protocol": 1,
        "op": "convert",
        "nonce": "nonce-2",
        "framework": framework,
        "optimizer": optimizer,
        "artifact": artifact,
        "hardware": "x86_64",
        "batch": 1,
        "threads": 1,
        "seed": 5,
        "inputs": list(inputs),
        "output": output.resolve().as_uri(),
        **more,
    }


def infer_of(framework: str, artifact: dict, output: Path, *inputs: dict, **more) -> dict:
    return convert_of(framework, "vanilla", artifact, output, *inputs, op="infer", **more)


def describe_of(framework: str, artifact: dict | None = None, **more) -> dict:
    return {
        "protocol": 1,
        "op": "describe",
        "nonce": "nonce-3",
        "framework": framework,
        "optimizer": "vanilla",
        **({} if artifact is None else {"artifact": artifact}),
        **more,
    }


def ask(handler, request: dict, context=None) -> dict:
    """The answer of a sandbox, as JSON brings it."""
    return json.loads(json.dumps(handler(request, context), allow_nan=False))


def converted(answer: dict, output: Path) -> dict:
    """The artifact of what a conversion wrote to `output`."""
    return {
        "entry": answer["entry"],
        "files": [file_of(output / f["path"]) for f in answer["files"]],
    }


def relative_difference(agreement: dict) -> float:
    """Of the largest value; fails where the comparison could not fail."""
    assert agreement["problem"] is None, agreement
    assert agreement["varies"] is True, agreement
    assert agreement["maxAbsoluteReference"] > 0, agreement
    return agreement["maxAbsoluteDifference"] / agreement["maxAbsoluteReference"]
