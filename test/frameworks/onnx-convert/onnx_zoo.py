"""Nets of the ONNX zoo, for tests in environments with and without the onnx package."""

from __future__ import annotations

import subprocess
from pathlib import Path

from runtime_requests import input_of
from serving import python_of

ZOO = Path(__file__).resolve().parents[2] / "zoo" / "onnx.py"
NETS = ("resnet18", "mobilenet-v2", "bert")
LENGTH = 64


def write_zoo(folder: Path, *names: str) -> Path:
    """Writes the nets by the zoo's own command, in the environment that has what it needs."""
    subprocess.run([python_of("onnx-convert"), str(ZOO), str(folder), *names], check=True)
    return folder


def inputs_of(name: str, batch: int) -> list[dict]:
    """The input specs of a net of the zoo."""
    if name == "bert":
        ids = input_of("input_ids", "int64", [batch, LENGTH], "range", low=0, high=2000)
        return [ids, input_of("attention_mask", "int64", [batch, LENGTH], "ones")]
    size = 32 if name == "small" else 224
    return [input_of("image", "float32", [batch, 3, size, size])]
