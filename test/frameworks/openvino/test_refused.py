"""What OpenVINO does not convert is told in one line, and reads nothing beyond the model."""

from __future__ import annotations

from pathlib import Path

import app
import pytest
from asking import through
from ayci_runtime.errors import ConversionFailed, InvalidModel
from runtime_requests import artifact_of, ask, describe_of, input_of, measure_of, subject_of

VECTOR = input_of("x", "float32", [2, 8])


def refused(path: Path, output: Path, *inputs: dict, kind: type = ConversionFailed, **more) -> str:
    with pytest.raises(kind) as failure:
        through(path, output, *(inputs or (VECTOR,)), **more)
    line = str(failure.value)
    assert "\n" not in line and "src/" not in line
    # Nothing half made is left to be served.
    assert list(output.iterdir()) == []
    return line


@pytest.mark.parametrize("name", ["inside", "constant"])
def test_data_within_the_folder_is_read(oddities: Path, tmp_path: Path, name: str) -> None:
    path, data = oddities / name / "model.onnx", oddities / name / "weights"
    _, made = through(path, tmp_path / "ir", VECTOR, others=[data])
    answer = ask(app.handler, measure_of("openvino", "openvino", subject_of(made, VECTOR)))
    assert answer["subjects"][0]["outputs"] == [{"name": "y", "dtype": "float32", "shape": [2, 8]}]
    assert data.read_bytes() in (tmp_path / "ir" / "model.bin").read_bytes()


@pytest.mark.parametrize("name", ["outside", "constant-outside", "absolute", "linked"])
def test_data_outside_the_folder_is_not_read(oddities: Path, tmp_path: Path, name: str) -> None:
    line = refused(oddities / name / "model.onnx", tmp_path / "ir", kind=InvalidModel)
    assert line.startswith("external data: got ")


@pytest.mark.parametrize("name", ["memory", "constant-memory"])
def test_an_address_in_memory_is_no_data(oddities: Path, tmp_path: Path, name: str) -> None:
    """Though a file of that name is there."""
    line = refused(oddities / name / "model.onnx", tmp_path / "ir", kind=InvalidModel)
    assert line.startswith("external data: got '*/_ORT_MEM_ADDR_/*'; expected a relative path")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("custom", "operator Read: got domain 'evil'; expected"),
        ("endless", "functions: got some that call themselves"),
        ("doubling", "functions: got more than 1000000 operators"),
    ],
)
def test_what_reaches_beyond_the_model_is_read_first(
    oddities: Path, tmp_path: Path, name: str, line: str
) -> None:
    path = oddities / name / "model.onnx"
    assert refused(path, tmp_path / "ir", kind=InvalidModel).startswith(line)


def test_operators_without_a_conversion_are_named(oddities: Path, tmp_path: Path) -> None:
    assert "own.F0" in refused(oddities / "function" / "model.onnx", tmp_path / "ir")


def test_strings(oddities: Path, tmp_path: Path) -> None:
    inputs = input_of("x", "string", [2], "range", low=0, high=9)
    line = refused(oddities / "texts" / "model.onnx", tmp_path / "ir", inputs)
    assert line.startswith("tensor x: got strings; expected numbers.")


def test_operators_that_arm64_has_not_yet(oddities: Path, zoo: Path, tmp_path: Path) -> None:
    path = oddities / "twice" / "model.onnx"
    through(path, tmp_path / "x86_64", hardware="x86_64")
    line = refused(path, tmp_path / "arm64", hardware="arm64")
    assert line.startswith("operators: got Identity (opset16); expected those up to opset15")
    # What OpenVINO's own transformations take out of a net does not count.
    through(zoo / "small.onnx", tmp_path / "small", hardware="arm64")


@pytest.mark.parametrize("data", [b"", b"no model", b"\x3a\x7f\x00", b"ORTM"])
def test_what_is_no_model(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    refused(path, tmp_path / "ir", kind=InvalidModel)


def test_only_converted_models_are_served(oddities: Path) -> None:
    artifact = artifact_of(oddities / "texts" / "model.onnx")
    with pytest.raises(InvalidModel, match=r"got '\.onnx'; expected \.xml"):
        ask(app.handler, describe_of("openvino", artifact))


@pytest.mark.parametrize("name", ["inside", "outside"])
def test_another_format_by_its_name(oddities: Path, tmp_path: Path, name: str) -> None:
    """OpenVINO itself would read ONNX under any name."""
    path = tmp_path / "model.xml"
    path.write_bytes((oddities / name / "model.onnx").read_bytes())
    with pytest.raises(InvalidModel, match=r"model\.xml: got what does not begin with <\?xml"):
        ask(app.handler, describe_of("openvino", artifact_of(path), optimizer="openvino"))


def test_an_unreadable_conversion(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text('<?xml version="1.0"?><net')
    with pytest.raises(InvalidModel):
        ask(app.handler, describe_of("openvino", artifact_of(path), optimizer="openvino"))


def test_only_onnx_is_converted(tmp_path: Path) -> None:
    path = tmp_path / "model.pb"
    path.write_bytes(b"")
    with pytest.raises(ConversionFailed, match=r"model.pb: got '.pb'; expected .onnx"):
        from adapter import OpenvinoAdapter

        OpenvinoAdapter().convert(path, None, tmp_path)
