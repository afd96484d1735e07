"""Nets of the zoo through the handler, in an environment without the onnx package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import app
import onnxruntime
import pytest
from onnx_zoo import NETS, inputs_of
from runtime_requests import (
    artifact_of,
    ask,
    convert_of,
    converted,
    describe_of,
    measure_of,
    relative_difference,
    subject_of,
)


def test_no_package_reads_models_here_but_onnx_runtime() -> None:
    assert importlib.util.find_spec("onnx") is None


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", NETS)
def test_optimized_nets_answer_as_vanilla(zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    artifact = artifact_of(zoo / f"{name}.onnx", entry="model.onnx")
    inputs = inputs_of(name, batch)
    answer = ask(app.handler, convert_of("onnx", "onnx", artifact, tmp_path / "onnx", *inputs))
    made = converted(answer, tmp_path / "onnx")
    subject = subject_of(made, *inputs, reference=artifact)
    answer = ask(app.handler, measure_of("onnx", "onnx", subject, batch=batch))
    (measured,) = answer["subjects"]
    assert relative_difference(measured["agreement"]) <= 1e-4
    assert measured["firstMs"] > 0 and len(measured["stretch"]["samplesMs"]) >= 3
    assert answer["environment"]["versions"]["onnxruntime"] == onnxruntime.__version__
    assert answer["importMs"] > 0


def test_describes_a_net(zoo: Path) -> None:
    artifact = artifact_of(zoo / "bert.onnx", entry="model.onnx")
    answer = ask(app.handler, describe_of("onnx", artifact))
    assert answer["inputs"] == [
        {"name": name, "dtype": "int64", "dims": ["batch", 64]}
        for name in ("input_ids", "attention_mask")
    ]
    assert answer["outputs"] == [
        {"name": "hidden", "dtype": "float32"},
        {"name": "pooled", "dtype": "float32"},
    ]
