"""ONNX models in 8-bit integers: served by the same runtime, their error measured."""

from __future__ import annotations

from pathlib import Path

import convert_app
import numpy as np
import onnx
import pytest
from ayci_runtime.errors import ConversionFailed
from onnx import TensorProto, helper, numpy_helper
from onnx_models import model_of, saved, values
from onnx_zoo import NETS, inputs_of
from runtime_requests import (
    artifact_of,
    ask,
    convert_of,
    converted,
    describe_of,
    folder_artifact,
    input_of,
    measure_of,
    relative_difference,
    subject_of,
)

VECTOR = input_of("x", "float32", [2, 8])


def quantized(artifact: dict, output: Path, *inputs: dict, batch: int = 1) -> dict:
    request = convert_of("onnx", "onnx-int8", artifact, output, *inputs, batch=batch)
    return ask(convert_app.handler, request)


def error_of(artifact: dict, made: dict, *inputs: dict, batch: int = 1) -> float:
    subject = subject_of(made, *inputs, reference=artifact)
    request = measure_of("onnx", "onnx-int8", subject, batch=batch)
    (measured,) = ask(convert_app.handler, request)["subjects"]
    return relative_difference(measured["agreement"])


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", NETS)
def test_is_smaller_and_answers_nearly_the_same(zoo: Path, tmp_path: Path, name: str, batch: int):
    artifact = artifact_of(zoo / f"{name}.onnx", entry="model.onnx")
    inputs = inputs_of(name, batch)
    answer = quantized(artifact, tmp_path / "int8", *inputs, batch=batch)
    assert (answer["entry"], answer["compileMs"]) == ("model.onnx", None)
    assert answer["optimizeMs"] > 0
    (file,) = answer["files"]
    assert file["size"] < 0.3 * artifact["files"][0]["size"]
    how = "found by each inference" if name == "bert" else "calibrated"
    (note,) = answer["notes"]
    assert how in note
    made = converted(answer, tmp_path / "int8")
    assert 1e-4 < error_of(artifact, made, *inputs, batch=batch) < 0.5
    described = [
        ask(convert_app.handler, describe_of("onnx", each, optimizer=optimizer))
        for each, optimizer in ((artifact, "vanilla"), (made, "onnx-int8"))
    ]
    assert described[0]["inputs"] == described[1]["inputs"]
    assert described[0]["outputs"] == described[1]["outputs"]


def test_weights_are_int8_by_channel_and_activations_uint8(zoo: Path, tmp_path: Path) -> None:
    artifact = artifact_of(zoo / "small.onnx", entry="model.onnx")
    quantized(artifact, tmp_path / "int8", *inputs_of("small", 1))
    graph = onnx.load(tmp_path / "int8" / "model.onnx").graph
    held = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    kernels = [each for each in held.values() if each.ndim == 4]
    assert kernels and {each.dtype for each in kernels} == {np.dtype(np.int8)}
    # Two products with a uint8 fit into the sixteen bits that CPUs without VNNI add them in.
    assert 0 < max(np.abs(each.astype(int)).max() for each in kernels) * 255 * 2 < 2**15
    by = {node.output[0]: node for node in graph.node}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        data, kernel = (by[name] for name in node.input[:2])
        assert {data.op_type, kernel.op_type} == {"DequantizeLinear"}
        assert held[data.input[2]].dtype == np.uint8
        assert held[kernel.input[1]].shape == (held[kernel.input[0]].shape[0],)


def test_ranges_are_those_of_the_inputs(zoo: Path, tmp_path: Path) -> None:
    """Calibrated on a tenth of the range, the same net answers otherwise."""
    artifact = artifact_of(zoo / "small.onnx", entry="model.onnx")
    wide = input_of("image", "float32", [1, 3, 32, 32], "range", low=-3, high=3)
    narrow = {**wide, "fill": {"kind": "range", "low": -0.3, "high": 0.3}}
    errors = []
    for index, inputs in enumerate((wide, narrow)):
        answer = quantized(artifact, tmp_path / str(index), inputs)
        errors.append(error_of(artifact, converted(answer, tmp_path / str(index)), wide))
    assert errors[0] < 0.05 < 0.2 < errors[1]


@pytest.mark.parametrize("opset", [9, 11])
def test_older_opsets_are_brought_forward(tmp_path: Path, opset: int) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Relu", ["m"], ["y"]),
    ]
    weights = [numpy_helper.from_array(values(8, 64), "w")]
    path = saved(tmp_path / "model.onnx", model_of(nodes, weights, opset))
    answer = quantized(artifact_of(path), tmp_path / "int8", VECTOR)
    made = converted(answer, tmp_path / "int8")
    assert 1e-4 < error_of(artifact_of(path), made, VECTOR) < 0.05


def test_weights_in_files_of_their_own(zoo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    model = onnx.load(zoo / "bert.onnx")
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="weights.bin")
    artifact = folder_artifact(folder, "model.onnx")
    assert len(artifact["files"]) == 2
    inputs = inputs_of("bert", 2)
    answer = quantized(artifact, tmp_path / "int8", *inputs, batch=2)
    assert [each["path"] for each in answer["files"]] == ["model.onnx", "model.onnx.data"]
    made = converted(answer, tmp_path / "int8")
    assert 1e-4 < error_of(artifact, made, *inputs, batch=2) < 0.5


def refused(path: Path, output: Path, *inputs: dict) -> str:
    with pytest.raises(ConversionFailed) as failure:
        quantized(artifact_of(path), output, *inputs)
    return str(failure.value)


def test_nothing_to_quantize(tmp_path: Path) -> None:
    plain = model_of([helper.make_node("Relu", ["x"], ["y"])])
    # A product of two activations has no weights.
    turned = helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0])
    product = model_of([turned, helper.make_node("MatMul", ["x", "t"], ["y"])])
    for index, model in enumerate((plain, product)):
        path = saved(tmp_path / str(index) / "model.onnx", model)
        told = refused(path, tmp_path / f"int8-{index}", VECTOR)
        assert told.startswith("operators: got no convolution or matrix product of float32")


def test_float64_is_not_quantized(tmp_path: Path) -> None:
    cast = helper.make_node("Cast", ["x"], ["d"], to=TensorProto.DOUBLE)
    product = helper.make_node("MatMul", ["d", "w"], ["m"])
    back = helper.make_node("Cast", ["m"], ["y"], to=TensorProto.FLOAT)
    weights = [numpy_helper.from_array(values(8, 4).astype(np.float64), "w")]
    path = saved(tmp_path / "model.onnx", model_of([cast, product, back], weights))
    assert "float32" in refused(path, tmp_path / "int8", VECTOR)


def test_inputs_that_do_not_fit(zoo: Path, tmp_path: Path) -> None:
    wrong = input_of("image", "float32", [1, 4, 32, 32])
    assert "image" in refused(zoo / "small.onnx", tmp_path / "int8", wrong)
