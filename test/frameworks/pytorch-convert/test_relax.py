"""PyTorch to TVM's Relax: the module loads back, compiles, and agrees with PyTorch."""

from __future__ import annotations

from pathlib import Path

import convert_app
import numpy as np
import pytest
import tvm
from adapter import PytorchAdapter
from ayci_runtime.compare import differ, distance
from ayci_runtime.inputs import make_inputs
from ayci_runtime.tensors import Tensor
from pytorch_models import inputs_of
from runtime_requests import artifact_of, ask, convert_of
from tvm import relax


def answers_of_tvm(file: Path, batch: int, feeds: list[Tensor]) -> list[Tensor]:
    module = tvm.ir.load_json(file.read_text())
    main = module["main"]
    assert [each.name for each in main.params] == [each.name for each in feeds]
    # The batch is the one size that varies.
    (symbol,) = {size for size in main.params[0].ty.shape if isinstance(size, tvm.tirx.Var)}
    module = relax.transform.BindSymbolicVars({symbol.name: batch})(module)
    built = tvm.compile(module, target=tvm.target.Target({"kind": "llvm"}))
    machine = relax.VirtualMachine(built, tvm.cpu())
    raw = machine["main"](*(tvm.runtime.tensor(each.array) for each in feeds))
    names = [str(name) for name in main.attrs["output_names"]]
    values = [raw] if len(names) == 1 and hasattr(raw, "numpy") else list(raw)
    return [Tensor(n, v.dtype, v.numpy()) for n, v in zip(names, values, strict=True)]


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", ["small", "bert"])
def test_agrees_with_pytorch(zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    inputs = inputs_of(name, batch)
    artifact = artifact_of(zoo / f"{name}.pt2", entry="model.pt2")
    answer = ask(
        convert_app.handler, convert_of("pytorch", "tvm", artifact, tmp_path / "out", *inputs)
    )
    assert answer["entry"] == "model.relax.json" and answer["optimizeMs"] > 0
    model = PytorchAdapter().load(zoo / f"{name}.pt2", "vanilla", 1)
    one, other = (make_inputs(inputs, seed, tmp_path) for seed in (5, 6))
    expected = model.tensors(model.bind(one)())
    assert differ(expected, model.tensors(model.bind(other)()))
    found = answers_of_tvm(tmp_path / "out" / answer["entry"], batch, one)
    assert [each.name for each in found] == [each.name for each in expected]
    assert not distance(expected, found).exceeds(1e-4)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet-v2"])
def test_writes_larger_nets(zoo: Path, tmp_path: Path, name: str) -> None:
    """Weights inside, the batch still to be bound."""
    artifact = artifact_of(zoo / f"{name}.pt2", entry="model.pt2")
    request = convert_of("pytorch", "tvm", artifact, tmp_path / "out", *inputs_of(name, 8), batch=8)
    answer = ask(convert_app.handler, request)
    module = tvm.ir.load_json((tmp_path / "out" / answer["entry"]).read_text())
    (image,) = module["main"].params
    assert image.name == "image"
    assert [int(size) for size in list(image.ty.shape)[1:]] == [3, 224, 224]
    assert answer["files"][0]["size"] > (zoo / f"{name}.pt2").stat().st_size * 0.9


def test_torchscript_goes_by_way_of_onnx(zoo: Path, tmp_path: Path) -> None:
    artifact = artifact_of(zoo / "small.pt", entry="model.pt")
    inputs = inputs_of("small", 1)
    answer = ask(
        convert_app.handler, convert_of("pytorch", "tvm", artifact, tmp_path / "out", *inputs)
    )
    assert [file["path"] for file in answer["files"]] == ["model.onnx"]
    assert np.all([file["size"] > 0 for file in answer["files"]])
    assert answer["notes"] == ["TVM reads no TorchScript: compiled by way of ONNX, as onnx+tvm is"]
