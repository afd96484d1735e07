"""ONNX to compiled models, which answer as ONNX Runtime does."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiled import answers_of_onnx, apart, compiled, inputs_of, measured


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", ["small", "resnet18", "mobilenet-v2", "bert"])
def test_agrees_with_onnx_runtime(zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    inputs = inputs_of(name, batch)
    output = tmp_path / "compiled"
    answer = compiled(zoo / f"{name}.onnx", output, *inputs, batch=batch)
    assert [each["path"] for each in answer["files"]] == ["model.json", "model.so"]
    assert answer["entry"] == "model.so"
    assert answer["optimizeMs"] > 0 and answer["compileMs"] > 0
    expected = answers_of_onnx(
        zoo / f"{name}.onnx", tmp_path / "expected", *inputs, batch=batch
    )
    response = measured(answer, output, expected, *inputs, batch=batch)
    assert apart(response) <= 1e-4
    assert response["environment"]["versions"]["tvm"].startswith("0.27.")
    names = ["hidden", "pooled"] if name == "bert" else ["scores"]
    assert [each["name"] for each in response["subjects"][0]["outputs"]] == names
