"""What of ONNX is compiled, and what is refused, by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from adapter import TvmAdapter
from ayci_runtime.errors import ConversionFailed, InvalidInput
from ayci_runtime.inputs import make_inputs
from ayci_runtime.tensors import Tensor, numbers
from compiled import compiled, onnx_artifact
from graphs import X, Y, write_graph
from onnx import TensorProto, helper
from runtime_requests import input_of

node = helper.make_node
INPUT = input_of("x", "float32", [2, 3])
DTYPES = ["float16", "float32", "float64", "bfloat16", "int8", "int32", "int64", "uint8"]


def element(dtype: str) -> int:
    names = {"float32": "FLOAT", "float64": "DOUBLE"}
    return TensorProto.DataType.Value(names.get(dtype, dtype.upper()))


def answers(folder: Path, path: Path, *inputs: dict) -> tuple[list[Tensor], list[Tensor]]:
    """What goes in and comes out, in this process."""
    compiled(onnx_artifact(path), folder / "made", *inputs)
    model = TvmAdapter().load(folder / "made" / "model.so", "tvm", 1)
    feeds = make_inputs(inputs, 5, folder)
    return feeds, model.tensors(model.bind(feeds)())


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(tmp_path: Path, dtype: str) -> None:
    infos = [(name, element(dtype), ["batch", 3]) for name in "xy"]
    doubled = [node("Add", ["x", "x"], ["y"])]
    path = write_graph(tmp_path / "net.onnx", doubled, infos[:1], infos[1:])
    fill = input_of("x", dtype, [2, 3], "range", low=1, high=60)
    (given,), (found,) = answers(tmp_path, path, fill)
    assert (found.name, found.dtype) == ("y", dtype)
    assert found.array.dtype == given.array.dtype
    assert np.array_equal(numbers(found), 2 * numbers(given))


def test_bool(tmp_path: Path) -> None:
    infos = [(name, TensorProto.BOOL, ["batch", 3]) for name in "xy"]
    path = write_graph(tmp_path / "net.onnx", [node("Not", ["x"], ["y"])], infos[:1], infos[1:])
    (given,), (found,) = answers(tmp_path, path, input_of("x", "bool", [2, 3]))
    assert found.dtype == "bool" and np.array_equal(found.array, ~given.array)


def test_names_are_the_models_own(tmp_path: Path) -> None:
    """Also those that are none in Relax, and inputs that come out as they are."""
    infos = [("1x.in", TensorProto.FLOAT, ["batch", 3]), ("other:0", TensorProto.FLOAT, [2])]
    nodes = [node("Relu", ["1x.in"], ["y/out"])]
    outputs = [("y/out", TensorProto.FLOAT, ["batch", 3]), ("other:0", TensorProto.FLOAT, [2])]
    path = write_graph(tmp_path / "net.onnx", nodes, infos, outputs)
    inputs = [input_of("other:0", "float32", [2]), input_of("1x.in", "float32", [2, 3])]
    (other, first), found = answers(tmp_path, path, *inputs)
    assert [each.name for each in found] == ["y/out", "other:0"]
    assert np.array_equal(found[0].array, np.maximum(first.array, 0))
    assert np.array_equal(found[1].array, other.array)


def test_sizes_that_the_model_decides(tmp_path: Path) -> None:
    outputs = [("y", TensorProto.INT64, [2, "count"])]
    nodes = [node("Relu", ["x"], ["z"]), node("NonZero", ["z"], ["y"])]
    path = write_graph(tmp_path / "net.onnx", nodes, [X], outputs)
    (given,), (found,) = answers(tmp_path, path, INPUT)
    assert np.array_equal(found.array, np.stack(np.nonzero(given.array > 0)))
    assert 0 < found.array.shape[1] < given.array.size


def test_weights_in_files_of_their_own(zoo: Path, tmp_path: Path) -> None:
    """As a runtime lays them out: by links, where they lie apart."""
    model = onnx.load(zoo / "small.onnx")
    options = {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0}
    onnx.save(model, tmp_path / "net.onnx", **options)
    whole, image = onnx_artifact(zoo / "small.onnx"), input_of("image", "float32", [1, 3, 32, 32])
    apart = onnx_artifact(tmp_path / "net.onnx", tmp_path / "w.bin")
    files = [
        compiled(artifact, tmp_path / name, image)["files"]
        for name, artifact in (("whole", whole), ("apart", apart))
    ]
    # Compiling is deterministic.
    assert files[0] == files[1]


def test_lookups_beyond_a_table_are_nan(tmp_path: Path) -> None:
    ids = ("ids", TensorProto.INT64, ["batch"])
    nodes = [node("Gather", ["table", "ids"], ["y"])]
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    path = write_graph(tmp_path / "net.onnx", nodes, [ids], [Y], table=table)
    compiled(onnx_artifact(path), tmp_path / "made", input_of("ids", "int64", [3]))
    model = TvmAdapter().load(tmp_path / "made" / "model.so", "tvm", 1)
    far = Tensor("ids", "int64", np.array([1, 1 << 40, -1]))
    (found,) = model.tensors(model.bind([far])())
    assert np.array_equal(found.array[[0, 2]], table[[1, 3]])
    assert np.isnan(found.array[1]).all()


REFUSED = {
    "operator Det, StringNormalizer: not among those that TVM reads. Use": [
        node("StringNormalizer", ["x"], ["z"]),
        node("Det", ["z"], ["y"]),
    ],
    "operator LSTM: not among": [node("LSTM", ["x", "x", "x"], ["y"], hidden_size=3)],
    # TVM goes by the name alone, and would take it for ONNX's own.
    "operator com.microsoft.Relu: not among": [node("Relu", ["x"], ["y"], domain="com.microsoft")],
    "operator Conv: ": [node("Conv", ["x", "x"], ["y"])],
}


@pytest.mark.parametrize("told", REFUSED)
def test_refused_operators_are_named(tmp_path: Path, told: str) -> None:
    path = write_graph(tmp_path / "net.onnx", REFUSED[told])
    with pytest.raises(ConversionFailed) as raised:
        compiled(onnx_artifact(path), tmp_path / "made", INPUT)
    assert str(raised.value).startswith(told)
    assert not (tmp_path / "made" / "model.so").exists()


def test_operators_within_branches_are_named(tmp_path: Path) -> None:
    y = helper.make_tensor_value_info(*Y)
    relu = node("Relu", ["x"], ["y"], domain="com.microsoft")
    branch = helper.make_graph([relu], "branch", [], [y])
    nodes = [node("If", ["condition"], ["y"], then_branch=branch, else_branch=branch)]
    path = write_graph(tmp_path / "net.onnx", nodes, condition=np.array(True))
    with pytest.raises(ConversionFailed, match=r"operator com\.microsoft\.Relu"):
        compiled(onnx_artifact(path), tmp_path / "made", INPUT)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (input_of("z", "float32", [2, 3]), "inputs: got z; the model takes x"),
        (input_of("x", "float64", [2, 3]), "input x: got float64; expected float32"),
        (input_of("x", "float32", [2, 4]), r"input x: got shape \[2, 4\]; expected \['batch', 3\]"),
    ],
)
def test_inputs_that_do_not_fit(tmp_path: Path, given: dict, told: str) -> None:
    path = write_graph(tmp_path / "net.onnx", [node("Relu", ["x"], ["y"])])
    with pytest.raises(InvalidInput, match=told):
        compiled(onnx_artifact(path), tmp_path / "made", given)


def test_strings_and_sequences_are_refused(tmp_path: Path) -> None:
    infos = [(name, TensorProto.STRING, ["batch", 3]) for name in "xy"]
    same = [node("Identity", ["x"], ["y"])]
    path = write_graph(tmp_path / "net.onnx", same, infos[:1], infos[1:])
    with pytest.raises(ConversionFailed, match="input x: got strings"):
        compiled(onnx_artifact(path), tmp_path / "made", INPUT)
    listed = [node("SequenceConstruct", ["x"], ["y"])]
    path = write_graph(tmp_path / "list.onnx", listed, outputs=[])
    model = onnx.load(path)
    model.graph.output.append(helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, None))
    onnx.save(model, path)
    with pytest.raises(ConversionFailed, match="output y: got sequence_type; expected tensor_type"):
        compiled(onnx_artifact(path), tmp_path / "made", INPUT)
