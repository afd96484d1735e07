"""Requests as the runner makes them, and the handler that answers them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

HERE = Path(__file__).resolve().parent
RUNTIMES = HERE.parents[2] / "runtimes"
SUPPORT = HERE.parents[1] / "frameworks" / "support"
for folder in (HERE, SUPPORT, RUNTIMES / "common", RUNTIMES / "onnx"):
    sys.path.insert(0, str(folder))

# First: it sets the environment that ONNX Runtime reads when it is imported.
import app  # noqa: F401
import runtime_requests as base
from adapter import OnnxAdapter
from ayci_runtime.handler import make_handler
from runtime_requests import TIMING, file_of, input_of  # noqa: F401


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((RUNTIMES / "contract" / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def artifact_of(*paths: Path, entry: str = "model.onnx") -> dict:
    return base.artifact_of(*paths, entry=entry)


IMAGE = input_of("x", "float32", [2, 3, 24, 24])


def subject_of(path: Path, *inputs: dict, role: str = "candidate", **more) -> dict:
    artifact = more.pop("artifact", None) or artifact_of(path)
    return base.subject_of(artifact, *inputs, role=role, **more)


def measure_of(*subjects: dict, optimizer: str = "vanilla", **more) -> dict:
    return base.measure_of("onnx", optimizer, *subjects, **{"batch": 2, **more})


def convert_of(artifact: dict, output: Path, optimizer: str = "onnx", **more) -> dict:
    return base.convert_of("onnx", optimizer, artifact, output, IMAGE, **{"batch": 2, **more})


def infer_of(artifact: dict, output: Path, *inputs: dict, **more) -> dict:
    return base.infer_of("onnx", artifact, output, *inputs, **{"batch": 2, **more})


def describe_of(**more):
    return base.describe_of("onnx", **more)


def new_handler():
    return make_handler(OnnxAdapter(), 12.5)


def ask(request: dict, handler=None, context=None) -> dict:
    """The answer of a sandbox (a new one unless given), as JSON brings it; both sides validated."""
    op = request["op"]
    name = "convert" if op == "infer" else op
    validator(f"{name}-request").validate(request)
    sent = base.ask(handler or new_handler(), request, context)
    validator(f"{'excluded' if sent['op'] == 'excluded' else name}-response").validate(sent)
    assert sent["op"] == op or (op, sent["op"]) == ("measure", "excluded")
    assert sent["nonce"] == request["nonce"]
    return sent
