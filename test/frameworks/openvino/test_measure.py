"""ONNX nets by OpenVINO: what it answers agrees with ONNX Runtime in its own environment."""

from __future__ import annotations

from pathlib import Path

import app
import openvino
import pytest
from asking import through
from onnx_zoo import NETS, inputs_of
from runtime_requests import (
    artifact_of,
    ask,
    converted,
    describe_of,
    infer_of,
    input_of,
    measure_of,
    relative_difference,
    subject_of,
)
from serving import served

DTYPES = "float16 float64 bool int8 int16 int32 int64 uint8 bfloat16".split()


def expected_of(path: Path, output: Path, *inputs: dict) -> dict:
    """What ONNX Runtime answers, as an artifact."""
    artifact = artifact_of(path, entry="model.onnx")
    return converted(served("onnx", infer_of("onnx", artifact, output, *inputs)), output)


def described(artifact: dict) -> dict:
    return ask(app.handler, describe_of("openvino", artifact, optimizer="openvino"))


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", NETS)
def test_agrees_with_onnx_runtime(zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    path, inputs = zoo / f"{name}.onnx", inputs_of(name, batch)
    made_by, made = through(path, tmp_path / "ir", *inputs)
    assert (made_by["entry"], made_by["compileMs"]) == ("model.xml", None)
    assert made_by["optimizeMs"] > 0
    assert [each["path"] for each in made["files"]] == ["model.bin", "model.xml"]
    # Weights stay float32.
    assert made["files"][0]["size"] > 0.95 * path.stat().st_size
    subject = subject_of(made, *inputs, expected=expected_of(path, tmp_path / "expected", *inputs))
    answer = ask(app.handler, measure_of("openvino", "openvino", subject, batch=batch))
    (measured,) = answer["subjects"]
    assert relative_difference(measured["agreement"]) <= 1e-4
    names = ["hidden", "pooled"] if name == "bert" else ["scores"]
    assert [out["name"] for out in measured["outputs"]] == names
    assert measured["outputs"][0]["shape"][0] == batch
    assert measured["firstMs"] > 0 and len(measured["stretch"]["samplesMs"]) >= 3
    versions = answer["environment"]["versions"]
    assert openvino.__version__.startswith(f"{versions['openvino']}-")


def test_a_converted_model_takes_any_batch(zoo: Path, tmp_path: Path) -> None:
    _, made = through(zoo / "small.onnx", tmp_path / "ir", *inputs_of("small", 1))
    inputs = inputs_of("small", 5)
    (measured,) = ask(
        app.handler, measure_of("openvino", "openvino", subject_of(made, *inputs), batch=5)
    )["subjects"]
    assert measured["outputs"] == [{"name": "scores", "dtype": "float32", "shape": [5, 10]}]


def test_two_subjects_and_two_threads(zoo: Path, tmp_path: Path) -> None:
    _, made = through(zoo / "small.onnx", tmp_path / "ir", *inputs_of("small", 2))
    subjects = [subject_of(made, *inputs_of("small", 2), role=r) for r in ("candidate", "baseline")]
    answer = ask(app.handler, measure_of("openvino", "openvino", *subjects, batch=2, threads=2))
    assert answer["change"]["maxAbsoluteDifference"] == 0 and answer["change"]["varies"] is True
    assert {each["role"] for each in answer["blocks"]} == {"candidate", "baseline"}


def test_describes_a_net(zoo: Path, tmp_path: Path) -> None:
    _, made = through(zoo / "bert.onnx", tmp_path / "ir", *inputs_of("bert", 1))
    answer = described(made)
    assert answer["inputs"] == [
        {"name": name, "dtype": "int64", "dims": [None, 64]}
        for name in ("input_ids", "attention_mask")
    ]
    assert answer["outputs"] == [
        {"name": "hidden", "dtype": "float32"},
        {"name": "pooled", "dtype": "float32"},
    ]


def test_every_dtype_is_fed_and_read(oddities: Path, tmp_path: Path) -> None:
    inputs = [
        input_of(name, name, [3, 4], "range", low=0, high=2 if name == "bool" else 100)
        for name in DTYPES
    ]
    path = oddities / "casting" / "model.onnx"
    _, made = through(path, tmp_path / "ir", *inputs)
    answer = described(made)
    assert [(each["name"], each["dtype"]) for each in answer["inputs"]] == [
        (each, each) for each in DTYPES
    ]
    subject = subject_of(made, *inputs, expected=expected_of(path, tmp_path / "expected", *inputs))
    (measured,) = ask(app.handler, measure_of("openvino", "openvino", subject))["subjects"]
    assert relative_difference(measured["agreement"]) <= 1e-6
    told = {out["name"]: out["dtype"] for out in measured["outputs"]}
    assert told == {
        **{f"{name}.half": "float32" for name in DTYPES},
        **{f"{name}.same": name for name in DTYPES},
    }


def test_one_value_under_two_names(oddities: Path, tmp_path: Path) -> None:
    inputs = [input_of("x", "float32", [2, 8]), input_of("unread", "int64", [])]
    path = oddities / "twice" / "model.onnx"
    _, made = through(path, tmp_path / "ir", *inputs)
    subject = subject_of(made, *inputs, expected=expected_of(path, tmp_path / "expected", *inputs))
    (measured,) = ask(app.handler, measure_of("openvino", "openvino", subject))["subjects"]
    assert [out["name"] for out in measured["outputs"]] == ["b", "a", "c"]
    assert relative_difference(measured["agreement"]) <= 1e-6
