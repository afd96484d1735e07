"""Models that reach beyond themselves are refused before anything loads them."""

from __future__ import annotations

import os
from pathlib import Path

import convert_app
import numpy as np
import onnxruntime as ort
import pytest
from ayci_runtime import onnx_check
from ayci_runtime.errors import InvalidModel
from ayci_runtime.onnx_check import MAX_LEVELS, MAX_LOCATIONS, check_model
from onnx import ModelProto, helper
from onnx_models import (
    MEMORY,
    adding,
    by_default,
    doubling,
    endless,
    external,
    hidden,
    model_of,
    nested,
    saved,
    values,
)
from runtime_requests import artifact_of, ask, convert_of, describe_of, folder_artifact, input_of

VECTOR = input_of("x", "float32", [2, 8])
SECRET = values(8, seed=9)


def refused(path: Path) -> str:
    """What is told."""
    with pytest.raises(InvalidModel) as failure:
        ask(convert_app.handler, describe_of("onnx", artifact_of(path, entry="model.onnx")))
    line = str(failure.value)
    assert "expected" in line and "\n" not in line
    return line


def unsound(path: Path) -> str:
    """What the check says of a model where it lies: whatever is beside it, links and pipes too."""
    with pytest.raises(InvalidModel) as failure:
        check_model(path)
    return str(failure.value)


def run_bare(path: Path) -> np.ndarray:
    """By ONNX Runtime alone, with nothing read before."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.zeros((1, 8), np.float32)})[0][0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for a model, beside it a file that is none of its business."""
    (tmp_path / "secret").write_bytes(SECRET.tobytes())
    made = tmp_path / "model"
    made.mkdir()
    return made


@pytest.mark.parametrize("build", [adding, hidden, by_default])
def test_data_within_the_folder_is_read(folder: Path, build) -> None:
    """What is hidden in a function's branch does run: the refusals below are of something."""
    (folder / "weights").write_bytes(SECRET.tobytes())
    path = saved(folder / "model.onnx", build("weights"))
    check_model(path)
    np.testing.assert_array_equal(run_bare(path), SECRET)


@pytest.mark.parametrize("build", [adding, hidden, by_default])
@pytest.mark.parametrize("location", ["../secret", "a/../../secret", "ABSOLUTE", "..\\secret", ""])
def test_data_outside_the_folder(folder: Path, build, location: str) -> None:
    location = location.replace("ABSOLUTE", str(folder.parent / "secret"))
    line = refused(saved(folder / "model.onnx", build(location)))
    assert line.startswith("external data: got ")
    assert "expected a relative path without '..'" in line


@pytest.mark.parametrize("target", ["secret", "/etc/passwd"])
def test_data_by_a_link_out_of_the_folder(folder: Path, target: str) -> None:
    (folder / "weights").symlink_to(folder.parent / target)
    line = unsound(saved(folder / "model.onnx", adding("weights")))
    assert "external data: got 'weights'; expected a file in the model's folder" in line


def test_data_by_a_linked_folder(folder: Path) -> None:
    (folder / "sub").symlink_to(folder.parent)
    line = unsound(saved(folder / "model.onnx", adding("sub/secret")))
    assert "expected a file in the model's folder" in line


@pytest.mark.parametrize("location", ["weights", ".", "a" * 300])
def test_data_that_is_no_file(folder: Path, location: str) -> None:
    line = refused(saved(folder / "model.onnx", adding(location)))
    assert line.startswith("external data: got ")


@pytest.mark.parametrize(
    "location", [MEMORY, "sub/_ort_Mem_Addr_", "a*", "C:a", "a\nb", "sub//a", "./model.ONNX/a"]
)
def test_data_by_a_name_that_means_something_else(folder: Path, location: str) -> None:
    """Though a file of that name is there."""
    beside = folder / location
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_bytes(SECRET.tobytes())
    line = unsound(saved(folder / "model.onnx", adding(location)))
    assert line.startswith("external data: got ")
    assert "expected a file" not in line


@pytest.mark.parametrize("location", ["./a", "a b.data", "sub/größe.bin", "onnx__MatMul_1.weight"])
def test_data_by_names_that_exporters_write(folder: Path, location: str) -> None:
    beside = folder / location
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_bytes(SECRET.tobytes())
    path = saved(folder / "model.onnx", adding(location))
    check_model(path)
    np.testing.assert_array_equal(run_bare(path), SECRET)
    # As the runner names it: by its plain path.
    artifact = folder_artifact(folder, "model.onnx")
    assert location.removeprefix("./") in [file["path"] for file in artifact["files"]]
    ask(convert_app.handler, describe_of("onnx", artifact))


def test_a_model_is_none_of_its_data(folder: Path) -> None:
    line = refused(saved(folder / "model.onnx", adding("./Model.onnx")))
    assert "expected another name than the model's" in line


def test_data_in_too_many_files(folder: Path) -> None:
    locations = [external(f"w{number}", f"w{number}") for number in range(MAX_LOCATIONS + 1)]
    model = model_of([helper.make_node("Relu", ["x"], ["y"])], locations)
    line = refused(saved(folder / "model.onnx", model))
    assert line.startswith(f"external data: got more than {MAX_LOCATIONS} files")


@pytest.mark.parametrize("number", ["-4", "18446744073709551612", "0x10", ""])
@pytest.mark.parametrize("key", ["offset", "length"])
def test_data_at_no_place_of_a_file(folder: Path, key: str, number: str) -> None:
    (folder / "weights").write_bytes(SECRET.tobytes())
    line = unsound(saved(folder / "model.onnx", adding("weights", **{key: number})))
    assert line.startswith("external data: got an offset or a length of")


def test_a_location_that_is_no_text(folder: Path) -> None:
    path = saved(folder / "model.onnx", adding("wei0ghts"))
    path.write_bytes(path.read_bytes().replace(b"wei0ghts", b"wei\xffghts"))
    assert "expected UTF-8" in refused(path)


def test_a_device_is_no_data(folder: Path) -> None:
    """Its reader would wait for ever."""
    os.mkfifo(folder / "weights")
    line = unsound(saved(folder / "model.onnx", adding("weights")))
    assert "expected a file in the model's folder" in line


@pytest.mark.parametrize("domain", ["evil", "com.microsoft.experimental", "ai.onnx.contrib"])
def test_custom_operators(folder: Path, domain: str) -> None:
    model = model_of([helper.make_node("Read", ["x"], ["y"], domain=domain)], domains=[domain])
    line = refused(saved(folder / "model.onnx", model))
    assert line.startswith(f"operator Read: got domain '{domain}'; expected ai.onnx, ai.onnx.ml,")


def test_a_models_own_functions_are_operators(folder: Path) -> None:
    path = saved(folder / "model.onnx", doubling(3))
    check_model(path)
    np.testing.assert_array_equal(run_bare(path), np.zeros(8))


@pytest.mark.parametrize("model", [doubling(40), endless(), doubling(80)])
def test_functions_without_end(folder: Path, model: ModelProto) -> None:
    line = refused(saved(folder / "model.onnx", model))
    assert line.startswith("functions: got ")


def test_subgraphs_within_subgraphs(folder: Path) -> None:
    check_model(saved(folder / "most.onnx", nested(MAX_LEVELS)))
    line = refused(saved(folder / "model.onnx", nested(MAX_LEVELS + 1)))
    assert line.startswith(f"subgraphs: got more than {MAX_LEVELS} within each other")


@pytest.mark.parametrize("optimizer", ["onnx", "onnx-int8"])
def test_converters_refuse_them_too(folder: Path, optimizer: str) -> None:
    path = saved(folder / "model.onnx", hidden("../secret"))
    request = convert_of("onnx", optimizer, artifact_of(path), folder / "made", VECTOR)
    with pytest.raises(InvalidModel, match="external data: got"):
        ask(convert_app.handler, request)
    assert list((folder / "made").iterdir()) == []


def ort_format(path: Path) -> Path:
    """A model in the format that ONNX Runtime reads without protobuf's checks."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.add_session_config_entry("session.save_model_format", "ORT")
    plain = model_of([helper.make_node("Relu", ["x"], ["y"])])
    ort.InferenceSession(plain.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return path


def test_another_format(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ort_format(folder / "model.ort")
    np.testing.assert_array_equal(run_bare(path), np.zeros(8))
    assert "no protobuf message" in refused(path)
    # ONNX Runtime itself is told to read nothing else, should the check let such a file through.
    monkeypatch.setattr(onnx_check, "fields", lambda *_: iter(()))
    with pytest.raises(InvalidModel, match=r"(?i)protobuf"):
        ask(convert_app.handler, describe_of("onnx", artifact_of(path)))


@pytest.mark.parametrize(
    "data",
    [
        *(b"no model", b"\x3a" + b"\xff" * 10 + b"\x01", b"\x3a\x7f\x00", b"\x0b\x0c"),
        # Field 1 of 32 bits to some parsers, an unknown one to others; field 0; a size of 35 bits.
        *(b"\x8a\x80\x80\x80\x10\x00", b"\x8a\x80\x80\x80\x80\x00\x00", b"\x02\x00"),
        b"\x3a\x80\x80\x80\x80\x80\x00",
    ],
)
def test_bytes_that_are_no_model(folder: Path, data: bytes) -> None:
    path = folder / "model.onnx"
    path.write_bytes(data)
    assert "no protobuf message" in refused(path)


def test_an_empty_file(folder: Path) -> None:
    (folder / "model.onnx").touch()
    assert "empty" in refused(folder / "model.onnx")


def test_half_a_model(folder: Path) -> None:
    path = saved(folder / "model.onnx", doubling(3))
    path.write_bytes(path.read_bytes()[:-40])
    assert "no protobuf message" in refused(path)
