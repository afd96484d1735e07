"""Relax modules: sizes that are bound, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tvm
from adapter import TvmAdapter
from ayci_runtime.errors import ConversionFailed, InvalidInput
from ayci_runtime.tensors import Tensor
from compiled import compiled
from modules import module_of
from runtime_requests import artifact_of, input_of
from tvm import relax
from tvm.ir import Op

INPUT = input_of("x", "float32", [2, 3])


def convert(module: tvm.IRModule, folder: Path, *inputs: dict) -> dict:
    path = folder / "model.relax.json"
    path.write_text(tvm.ir.save_json(module))
    return compiled(artifact_of(path), folder / "made", *inputs)


def sums() -> tvm.IRModule:
    """x [n, 2] + y [n, 2], nested as (sum, (x, y)), for any n."""
    builder = relax.BlockBuilder()
    n = tvm.tirx.Var("n", "int64")
    x, y = (relax.Var(name, relax.TensorType((n, 2), "float32")) for name in "xy")
    with builder.function("main", [x, y], attrs={"output_names": ["sum", "x", "y"]}):
        with builder.dataflow():
            nested = relax.Tuple([relax.op.add(x, y), relax.Tuple([x, y])])
            out = builder.emit_output(nested)
        builder.emit_func_output(out)
    return builder.get()


def test_sizes_are_bound_and_tuples_flattened(tmp_path: Path) -> None:
    convert(sums(), tmp_path, *(input_of(name, "float32", [5, 2]) for name in "xy"))
    told = json.loads((tmp_path / "made" / "model.json").read_text())
    assert [each["shape"] for each in told["inputs"] + told["outputs"]] == [[5, 2]] * 5
    model = TvmAdapter().load(tmp_path / "made" / "model.so", "tvm", 1)
    x, y = (np.arange(10, dtype=np.float32).reshape(5, 2) * scale for scale in (1, 10))
    # Inputs go by their names.
    feeds = [Tensor("y", "float32", y), Tensor("x", "float32", x)]
    found = {each.name: each.array for each in model.tensors(model.bind(feeds)())}
    assert list(found) == ["sum", "x", "y"]
    for name, expected in (("sum", x + y), ("x", x), ("y", y)):
        assert np.array_equal(found[name], expected)


def test_sizes_that_contradict_each_other(tmp_path: Path) -> None:
    inputs = [input_of("x", "float32", [5, 2]), input_of("y", "float32", [4, 2])]
    with pytest.raises(InvalidInput, match=r"input y: got shape \[4, 2\]; n has another size"):
        convert(sums(), tmp_path, *inputs)


def test_operators_that_do_not_compile_are_named(tmp_path: Path) -> None:
    operator = Op.get("relax.ewise_fma")
    with pytest.raises(
        ConversionFailed, match="operator ewise_fma: not among those that TVM reads"
    ):
        convert(module_of(lambda _, x: relax.Call(operator, [x] * 3)), tmp_path, INPUT)


def test_outputs_without_names_are_refused(tmp_path: Path) -> None:
    module = module_of(lambda _, x: relax.op.nn.relu(x))
    main = module["main"].with_attr("output_names", [])
    module.update_func(module.get_global_var("main"), main)
    with pytest.raises(ConversionFailed, match="outputs: got 1; the model names 0"):
        convert(module, tmp_path, INPUT)
