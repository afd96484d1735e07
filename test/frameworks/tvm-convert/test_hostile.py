"""Models that reach for what is not theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import tvm
from ayci_runtime.errors import ConversionFailed, InvalidModel
from compiled import compiled, onnx_artifact
from graphs import write_graph
from link import linker
from modules import module_of
from onnx import helper
from onnx.external_data_helper import set_external_data
from runtime_requests import artifact_of, input_of
from tvm import relax, te

INPUT = input_of("x", "float32", [2, 3])
SECRET = b"secret words!" * 2


def shell(command: str) -> tvm.IRModule:
    """A module with a kernel that has the C library run a command."""

    def add(given: te.Tensor) -> te.Tensor:
        return te.compute(
            given.shape, lambda *i: given(*i) + tvm.tirx.call_extern("int32", "system", command)
        )

    return module_of(lambda builder, x: builder.emit_te(add, x))


def convert_relax(module: tvm.IRModule, folder: Path) -> None:
    path = folder / "model.relax.json"
    path.write_text(tvm.ir.save_json(module))
    compiled(artifact_of(path), folder / "made", INPUT)


def run_unchecked(module: tvm.IRModule, folder: Path) -> None:
    """Compiles and runs without any check, in a process of its own."""
    target = tvm.target.Target({"kind": "llvm"})
    library = str(folder / "unchecked.so")
    tvm.compile(module, target=target).export_library(library, fcompile=linker("x86_64-linux-gnu"))
    run = (
        "import sys, numpy, tvm; from tvm import relax;"
        "m = relax.VirtualMachine(tvm.runtime.load_module(sys.argv[1]), tvm.cpu());"
        "m['main'](tvm.runtime.tensor(numpy.ones((2, 3), 'float32')))"
    )
    subprocess.run([sys.executable, "-c", run, library], check=True)


def test_a_module_with_code_is_refused(tmp_path: Path) -> None:
    payload = tmp_path / "ran"
    module = shell(f"touch {payload}")
    with pytest.raises(InvalidModel, match=r"got tirx\.\w+; expected tensors and operators alone"):
        convert_relax(module, tmp_path)
    assert not payload.exists()
    run_unchecked(module, tmp_path)
    assert payload.exists()


def test_a_module_that_calls_by_name_is_refused(tmp_path: Path) -> None:
    """By TVM's own registry, which can load libraries among others."""
    name = "ffi.ModuleLoadFromFile"
    module = module_of(lambda _, x: relax.op.call_pure_packed(name, x, ty_args=x.ty))
    with pytest.raises(InvalidModel, match=r"model\.relax\.json: got "):
        convert_relax(module, tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nodes": 3}', '{"nodes": [{}]}', "[" * 100_000])
def test_what_is_no_module_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.relax.json").write_text(text)
    with pytest.raises(InvalidModel, match="got what is no module of TVM's JSON"):
        compiled(artifact_of(tmp_path / "model.relax.json"), tmp_path / "made", INPUT)


def test_what_is_no_tflite_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"\x1c\0\0\0TFL3", b"\xff" * 64, b"\xff\xff\xff\x7fTFL3" + b"\xff" * 64):
        (tmp_path / "model.tflite").write_bytes(data)
        with pytest.raises(ConversionFailed):
            compiled(artifact_of(tmp_path / "model.tflite"), tmp_path / "made", INPUT)


def external(folder: Path, location: str) -> Path:
    """A model whose weight, two floats of three, is read from `location`."""
    weight = np.zeros((2, 3), np.float32)
    node = helper.make_node("Add", ["x", "w"], ["y"])
    path = write_graph(folder / "model.onnx", [node], w=weight)
    model = onnx.load(path)
    (tensor,) = model.graph.initializer
    set_external_data(tensor, location, 0, weight.nbytes)
    tensor.ClearField("raw_data")
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("kind", ["parent", "absolute", "link", "folder link"])
def test_weights_from_elsewhere_are_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    location = {
        "parent": "../secret",
        "absolute": str(tmp_path / "secret"),
        "link": "link",
        "folder link": "up/secret",
    }[kind]
    path = external(folder, location)
    with pytest.raises(InvalidModel, match=r"external data: got .*; expected a "):
        compiled(onnx_artifact(path), tmp_path / "made", INPUT)
    (folder / "link").unlink()
    (folder / "link").write_bytes(SECRET)
    compiled(onnx_artifact(external(folder, "link"), folder / "link"), tmp_path / "beside", INPUT)
    assert SECRET[:24] in (tmp_path / "beside" / "model.so").read_bytes()


def test_custom_operators_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    write_graph(path, [helper.make_node("Read", ["x"], ["y"], domain="evil")])
    with pytest.raises(InvalidModel, match="operator Read: got domain 'evil'"):
        compiled(onnx_artifact(path), tmp_path / "made", INPUT)


def test_functions_without_end_are_refused(tmp_path: Path) -> None:
    """Each of forty calls the next one twice."""
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    path = write_graph(
        tmp_path / "model.onnx", [helper.make_node("F0", ["x"], ["y"], domain="own")]
    )
    model = onnx.load(path)
    model.opset_import.append(opsets[1])
    for level in range(40):
        calls = [("x", "a"), ("a", "y")]
        nodes = [helper.make_node(f"F{level + 1}", [x], [y], domain="own") for x, y in calls]
        model.functions.append(
            helper.make_function("own", f"F{level}", ["x"], ["y"], nodes, opsets)
        )
    relu = [helper.make_node("Relu", ["x"], ["y"])]
    model.functions.append(helper.make_function("own", "F40", ["x"], ["y"], relu, opsets))
    onnx.save(model, path)
    with pytest.raises(InvalidModel, match="functions: got more than 1000000 operators"):
        compiled(onnx_artifact(path), tmp_path / "made", INPUT)
