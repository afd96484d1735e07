"""Requests as the runner makes them, and the handler that answers them."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

HERE = Path(__file__).resolve().parent
RUNTIMES = HERE.parents[2] / "runtimes"
for folder in (HERE, RUNTIMES / "common", RUNTIMES / "onnx"):
    sys.path.insert(0, str(folder))

# First: it sets the environment that ONNX Runtime reads when it is imported.
import app  # noqa: F401
from adapter import OnnxAdapter
from ayci_runtime.handler import make_handler

TIMING = {
    "warmups": 1,
    "stretchMs": 2,
    "stretchMin": 3,
    "blockMs": 1,
    "minQuads": 2,
    "quadsMs": 0,
}


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((RUNTIMES / "contract" / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def file_of(path: Path, name: str | None = None) -> dict:
    data = path.read_bytes()
    return {
        "path": name or path.name,
        "url": path.resolve().as_uri(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }


def artifact_of(*paths: Path, entry: str = "model.onnx") -> dict:
    first, *others = paths
    return {"entry": entry, "files": [file_of(first, entry), *map(file_of, others)]}


def input_of(name: str, dtype: str, shape, kind: str = "normal", **more) -> dict:
    return {"name": name, "dtype": dtype, "shape": list(shape), "fill": {"kind": kind, **more}}


IMAGE = input_of("x", "float32", [2, 3, 24, 24])


def subject_of(path: Path, *inputs: dict, role: str = "candidate", **more) -> dict:
    artifact = more.pop("artifact", None) or artifact_of(path)
    return {"role": role, "artifact": artifact, "inputs": list(inputs), **more}


def measure_of(*subjects: dict, **more) -> dict:
    return {
        "protocol": 1,
        "op": "measure",
        "nonce": "nonce-1",
        "framework": "onnx",
        "optimizer": "vanilla",
        "batch": 2,
        "threads": 1,
        "seed": 5,
        "subjects": list(subjects),
        "timing": TIMING,
        "deadlineMs": 50_000,
        "retire": False,
        **more,
    }


def convert_of(artifact: dict, output: Path, **more) -> dict:
    return {
        "protocol": 1,
        "op": "convert",
        "nonce": "nonce-2",
        "framework": "onnx",
        "optimizer": "onnx",
        "artifact": artifact,
        "output": output.resolve().as_uri(),
        **more,
    }


def describe_of(**more):
    return {
        "protocol": 1,
        "op": "describe",
        "nonce": "nonce-3",
        "framework": "onnx",
        "optimizer": "vanilla",
        **more,
    }


def new_handler():
    return make_handler(OnnxAdapter(), 12.5)


def ask(request: dict, handler=None, context=None) -> dict:
    """The answer of a sandbox (a new one unless given), as JSON brings it; both sides validated."""
    op = request["op"]
    validator(f"{op}-request").validate(request)
    answer = (handler or new_handler())(request, context)
    sent = json.loads(json.dumps(answer, allow_nan=False))
    validator(f"{sent['op']}-response").validate(sent)
    assert sent["op"] == op or (op, sent["op"]) == ("measure", "excluded")
    assert sent["nonce"] == request["nonce"]
    return sent
