"""Models of each format, compiled and served by the TVM runtime, answer as their frameworks do."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiled import answers_of, apart, compiled, inputs_of, measure, onnx_artifact
from other_runtimes import answered
from runtime_requests import artifact_of, convert_of, converted, folder_artifact, input_of

TOLERANCE = 1e-4


def outputs_of(response: dict) -> list[str]:
    return [each["name"] for each in response["subjects"][0]["outputs"]]


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", ["small", "resnet18", "mobilenet-v2", "bert"])
def test_onnx(zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    artifact, inputs = onnx_artifact(zoo / f"{name}.onnx"), inputs_of(name, batch)
    answer = compiled(artifact, tmp_path / "made", *inputs, batch=batch)
    assert answer["entry"] == "model.so"
    assert [each["path"] for each in answer["files"]] == ["model.json", "model.so"]
    assert answer["optimizeMs"] > 0 and answer["compileMs"] > 0
    assert answer["environment"]["versions"].keys() == {"python", "tvm", "numpy", "llvm"}
    expected = answers_of("onnx", artifact, tmp_path / "expected", *inputs, batch=batch)
    request = measure(answer, tmp_path / "made", expected, *inputs, batch=batch)
    response = answered("tvm", request)
    assert apart(response) <= TOLERANCE
    assert outputs_of(response) == (["hidden", "pooled"] if name == "bert" else ["scores"])
    assert response["environment"]["versions"].keys() == {"python", "tvm", "numpy"}


def test_onnx_of_more_threads(zoo: Path, tmp_path: Path) -> None:
    artifact, inputs = onnx_artifact(zoo / "small.onnx"), inputs_of("small", 8)
    answer = compiled(artifact, tmp_path / "made", *inputs, batch=8, threads=2)
    expected = answers_of("onnx", artifact, tmp_path / "expected", *inputs, batch=8)
    request = measure(answer, tmp_path / "made", expected, *inputs, batch=8, threads=2)
    response = answered("tvm", request)
    assert apart(response) <= TOLERANCE
    assert response["environment"]["threads"] == 2


@pytest.mark.parametrize(("name", "batch"), [("small", 8), ("bert", 1)])
def test_pytorch_by_relax(pytorch_zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    """An exported program of any batch; its module is bound to one."""
    artifact = artifact_of(pytorch_zoo / f"{name}.pt2", entry="model.pt2")
    inputs = inputs_of(name, batch)
    request = convert_of("pytorch", "tvm", artifact, tmp_path / "relax", *inputs, batch=batch)
    module = converted(answered("pytorch-convert", request), tmp_path / "relax")
    assert module["entry"] == "model.relax.json"
    answer = compiled(module, tmp_path / "made", *inputs, batch=batch)
    expected = answers_of("pytorch", artifact, tmp_path / "expected", *inputs, batch=batch)
    request = measure(answer, tmp_path / "made", expected, *inputs, batch=batch)
    response = answered("tvm", request)
    assert apart(response) <= TOLERANCE
    assert outputs_of(response) == (["output[0]", "output[1]"] if name == "bert" else ["output"])


@pytest.mark.parametrize(("name", "batch"), [("small", 8), ("bert", 1)])
def test_tensorflow_by_tflite(tensorflow_zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    """By the names of the signature, whose images are NHWC."""
    artifact = folder_artifact(tensorflow_zoo / name, "saved_model.pb")
    image = input_of("image", "float32", [batch, 32, 32, 3])
    inputs = [image] if name == "small" else inputs_of(name, batch)
    request = convert_of("tensorflow", "tvm", artifact, tmp_path / "lite", *inputs, batch=batch)
    model = converted(answered("tensorflow-convert", request), tmp_path / "lite")
    assert model["entry"] == "model.tflite"
    answer = compiled(model, tmp_path / "made", *inputs, batch=batch)
    expected = answers_of("tensorflow", artifact, tmp_path / "expected", *inputs, batch=batch)
    request = measure(answer, tmp_path / "made", expected, *inputs, batch=batch)
    response = answered("tvm", request)
    assert apart(response) <= TOLERANCE
    assert outputs_of(response) == (["hidden", "pooled"] if name == "bert" else ["scores"])
