"""PyTorch to ONNX: what ONNX Runtime answers in its own environment agrees with PyTorch."""

from __future__ import annotations

from pathlib import Path

import convert_app
import onnx
import pytest
from pytorch_models import inputs_of
from runtime_requests import (
    artifact_of,
    ask,
    convert_of,
    converted,
    infer_of,
    measure_of,
    relative_difference,
    subject_of,
)
from serving import served

FORMATS = {".pt2": "model.pt2", ".pt": "model.pt"}


def dims(path: Path) -> dict[str, list[int | str]]:
    graph = onnx.load(path, load_external_data=False).graph
    return {
        each.name: [dim.dim_param or dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in graph.input
    }


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["resnet18", "mobilenet-v2", "bert"])
def test_agrees_with_pytorch(zoo: Path, tmp_path: Path, name: str, suffix: str, batch: int) -> None:
    artifact = artifact_of(zoo / f"{name}{suffix}", entry=FORMATS[suffix])
    inputs = inputs_of(name, batch)
    answer = ask(
        convert_app.handler,
        convert_of("pytorch", "onnx", artifact, tmp_path / "onnx", *inputs, batch=batch),
    )
    assert answer["entry"] == "model.onnx" and answer["optimizeMs"] > 0
    assert list(dims(tmp_path / "onnx" / "model.onnx")) == [each["name"] for each in inputs]
    expected = ask(
        convert_app.handler,
        infer_of("pytorch", artifact, tmp_path / "expected", *inputs, batch=batch),
    )
    subject = subject_of(
        converted(answer, tmp_path / "onnx"),
        *inputs,
        expected=converted(expected, tmp_path / "expected"),
    )
    (measured,) = served("onnx", measure_of("onnx", "vanilla", subject, batch=batch))["subjects"]
    assert relative_difference(measured["agreement"]) <= 1e-4
    names = ["output[0]", "output[1]"] if name == "bert" else ["output"]
    assert [out["name"] for out in measured["outputs"]] == names
