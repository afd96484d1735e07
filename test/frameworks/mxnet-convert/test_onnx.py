"""MXNet to ONNX: what ONNX Runtime answers in its own environment agrees with MXNet."""

from __future__ import annotations

from pathlib import Path

import mxnet as mx
import numpy as np
import pytest
from exported import compared, exported
from mxnet_models import artifact, dense, inputs_of, values, write
from runtime_requests import input_of, relative_difference


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", ["resnet18", "mobilenet-v2", "bert"])
def test_agrees_with_mxnet(zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    found = artifact(zoo, name)
    measured = compared(found, tmp_path, *inputs_of(name, batch), batch=batch)
    assert relative_difference(measured["agreement"]) <= 1e-4


def test_the_graph_has_the_models_names_and_no_weight_as_input(zoo: Path, tmp_path: Path) -> None:
    proto = exported(artifact(zoo, "bert"), tmp_path, *inputs_of("bert", 2), batch=2)
    assert [each.name for each in proto.graph.input] == ["data0", "data1"]
    assert [each.name for each in proto.graph.output] == [
        "bert0_encoder3_layernorm1_layernorm0",
        "bert0_dense0_tanh_fwd",
    ]
    sizes = [
        [dim.dim_value for dim in each.type.tensor_type.shape.dim] for each in proto.graph.output
    ]
    assert sizes == [[2, 64, 256], [2, 256]]
    assert [(each.domain, each.version) for each in proto.opset_import] == [("", 13)]
    used = {name for node in proto.graph.node for name in node.input}
    assert {each.name for each in proto.graph.initializer} <= used
    large = [each for each in proto.graph.initializer if np.prod(each.dims) > 1000]
    assert len(large) > 20 and all(each.HasField("raw_data") for each in large)


def test_shapes_are_worked_out(zoo: Path, tmp_path: Path) -> None:
    """Other compilers refuse to reckon with them, or rename inputs by idle casts."""
    graph = exported(artifact(zoo, "bert"), tmp_path, *inputs_of("bert", 2), batch=2).graph
    assert not {"Shape", "Concat"} & {node.op_type for node in graph.node}
    assert [node.op_type for node in graph.node if "data0" in node.input] == ["Gather"]


def agreement(
    folder: Path, symbol: mx.sym.Symbol, params: dict, *inputs: dict, batch: int = 2
) -> float:
    found = write(folder / "model", symbol, params)
    return relative_difference(compared(found, folder, *inputs, batch=batch)["agreement"])


def data(*shape: int, dtype: str = "float32") -> dict:
    return input_of("data", dtype, shape)


def test_a_fixed_gamma_counts_as_one(tmp_path: Path) -> None:
    """MXNet's own translation forgets it."""
    symbol = mx.sym.BatchNorm(mx.sym.var("data"), fix_gamma=True, name="norm")
    params = {
        "arg:norm_gamma": np.full(3, 7, np.float32),
        "arg:norm_beta": values(3),
        "aux:norm_moving_mean": values(3, seed=2),
        "aux:norm_moving_var": np.full(3, 2, np.float32),
    }
    assert agreement(tmp_path, symbol, params, data(2, 3, 4, 4)) <= 1e-5


@pytest.mark.parametrize("op", ["_rminus_scalar", "_rdiv_scalar", "_rpower_scalar"])
def test_a_scalar_on_the_left(tmp_path: Path, op: str) -> None:
    """MXNet's own translation turns it around, but for the names that Gluon gives."""
    layer, params = dense(mx.sym.sigmoid(mx.sym.var("data")))
    positive = mx.sym.sigmoid(layer) + 0.5
    symbol = getattr(mx.sym._internal, op)(positive, scalar=3, name="turned")
    assert agreement(tmp_path, symbol, params, data(2, 4)) <= 1e-5


def test_a_scalar_on_the_right_of_that_name(tmp_path: Path) -> None:
    symbol = mx.sym._internal._minus_scalar(mx.sym.var("data"), scalar=3, name="a_rminusscalar0")
    assert agreement(tmp_path, symbol, {"arg:none": values(1)}, data(2, 4)) <= 1e-5


@pytest.mark.parametrize("shape", [(-3, -2), (0, -4, 2, -1, 0), (-1, 0), (0, -3), (-4, 1, -1, -2)])
def test_every_way_to_tell_a_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    symbol = mx.sym.Reshape(mx.sym.var("data"), shape=shape, name="shaped")
    assert agreement(tmp_path, symbol, {"arg:none": values(1)}, data(2, 6, 4)) <= 1e-6


def test_a_label_is_no_input(tmp_path: Path) -> None:
    layer, params = dense()
    symbol = mx.sym.SoftmaxOutput(layer, mx.sym.var("softmax_label"), name="softmax")
    assert agreement(tmp_path, symbol, params, data(2, 4)) <= 1e-5


def test_outputs_in_the_models_order(tmp_path: Path) -> None:
    layer, params = dense(name="z")
    parts = mx.sym.SliceChannel(layer, num_outputs=3, name="parts")
    symbol = mx.sym.Group([layer, parts[2], parts[0], mx.sym.relu(layer, name="a")])
    found = write(tmp_path / "model", symbol, params)
    measured = compared(found, tmp_path, data(2, 4), batch=2)
    assert relative_difference(measured["agreement"]) <= 1e-5
    names = [out["name"] for out in measured["outputs"]]
    assert names == ["z", "parts[2]", "parts[0]", "a"]


def test_one_name_for_two_nodes(tmp_path: Path) -> None:
    """As Gluon writes a block that is called twice."""
    layer, params = dense()
    symbol = mx.sym.relu(mx.sym.relu(layer, name="same") - 0.1, name="same")
    found = write(tmp_path / "model", symbol, params)
    measured = compared(found, tmp_path, data(2, 4), batch=2)
    assert relative_difference(measured["agreement"]) <= 1e-5


def test_weights_of_a_large_model_lie_beside_it(zoo: Path, tmp_path: Path, monkeypatch) -> None:
    import to_onnx

    # What a model of more would do, at the cost of its size.
    monkeypatch.setattr(to_onnx, "_INLINE_BYTES", 1 << 20)
    measured = compared(artifact(zoo, "mobilenet-v2"), tmp_path, *inputs_of("mobilenet-v2", 1))
    assert relative_difference(measured["agreement"]) <= 1e-4
    files = {path.name: path.stat().st_size for path in (tmp_path / "onnx").iterdir()}
    assert files["model.onnx.data"] > 13_000_000 > 1_000_000 > files["model.onnx"]
