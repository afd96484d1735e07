"""What is refused, and why; the converter's child process; sizes and names that are kept."""

from __future__ import annotations

from pathlib import Path

import convert_app
import numpy as np
import onnx
import onnx.reference
import pytest
import to_onnx
import torch
from ayci_runtime.errors import ConversionFailed, InvalidInput, InvalidModel, InvalidRequest
from runtime_requests import artifact_of, ask, convert_of, input_of


class Bessel(torch.nn.Module):
    """An operator that neither ONNX nor TVM has."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j0(x) + 1


class Nested(torch.nn.Module):
    def forward(self, x, more, scale=None):
        return {"sum": x + more[0], "many": [more[0] * 2, more[0]]}


def exported(path: Path, module: torch.nn.Module, args: tuple, **how) -> dict:
    torch.export.save(torch.export.export(module.eval(), args, **how), path)
    return artifact_of(path, entry="model.pt2")


def scripted(path: Path, module: torch.nn.Module) -> dict:
    torch.jit.save(torch.jit.script(module.eval()), path)
    return artifact_of(path, entry="model.pt")


def converted(artifact: dict, folder: Path, optimizer: str, *inputs: dict, **more) -> dict:
    request = convert_of("pytorch", optimizer, artifact, folder, *inputs, **more)
    return ask(convert_app.handler, request)


X = input_of("x", "float32", [2, 3])


@pytest.mark.parametrize("optimizer", ["onnx", "tvm"])
def test_an_operator_that_is_refused_is_named(tmp_path: Path, optimizer: str) -> None:
    artifact = exported(tmp_path / "a.pt2", Bessel(), (torch.ones(2, 3),))
    with pytest.raises(
        ConversionFailed, match=r"operator .*bessel_j0.*: not among those"
    ) as caught:
        converted(artifact, tmp_path / "out", optimizer, X)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("optimizer", ["onnx", "tvm"])
def test_an_operator_of_torchscript_that_is_refused_is_named(
    tmp_path: Path, optimizer: str
) -> None:
    artifact = scripted(tmp_path / "a.pt", Bessel())
    told = "operator aten::special_bessel_j0: not among those that PyTorch writes"
    with pytest.raises(ConversionFailed, match=told):
        converted(artifact, tmp_path / "out", optimizer, X)


def test_other_optimizers_are_refused(tmp_path: Path) -> None:
    artifact = scripted(tmp_path / "a.pt", torch.nn.ReLU())
    with pytest.raises(InvalidRequest, match="openvino"):
        converted(artifact, tmp_path / "out", "openvino", X)


def test_torchscript_needs_the_inputs_that_it_takes(tmp_path: Path) -> None:
    artifact = scripted(tmp_path / "a.pt", torch.nn.ReLU())
    with pytest.raises(InvalidInput, match="inputs: got x; the model takes input"):
        converted(artifact, tmp_path / "out", "onnx", X)


def test_a_hostile_model_is_refused_here_too(tmp_path: Path) -> None:
    import payloads

    source = payloads.plain(tmp_path / "plain.pt2")
    for name in ("pickled_weight", "size_expression", "script_that_saves_when_loaded"):
        path, mark = payloads.write(name, tmp_path, source)
        artifact = artifact_of(path, entry=f"model{path.suffix}")
        with pytest.raises(InvalidModel):
            converted(artifact, tmp_path / f"out_{name}", "onnx", X)
        assert not mark.exists()


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    """As converters run it: another process finds the same adapter."""
    from ayci_runtime.child import convert_in_child
    from ayci_runtime.convert import wanted_of
    from convert import PytorchConverter

    artifact = exported(tmp_path / "model.pt2", torch.nn.Linear(3, 3), (torch.ones(2, 3),))
    out = tmp_path / "out"
    out.mkdir()
    inputs = [input_of("input", "float32", [2, 3])]
    wanted = wanted_of(convert_of("pytorch", "onnx", artifact, out, *inputs), tmp_path)
    path = tmp_path / "model.pt2"
    made = convert_in_child(PytorchConverter(), "convert", path, wanted, out, 100)
    assert made.entry == "model.onnx"
    onnx.checker.check_model(out / "model.onnx")


def test_names_and_dynamic_sizes_are_kept(tmp_path: Path) -> None:
    """Of nested inputs and outputs, one of which is an input as it came."""
    batch = torch.export.Dim("batch")
    args = (torch.ones(2, 4), [torch.ones(2, 4)])
    shapes = {"x": {0: batch}, "more": [{0: batch}], "scale": None}
    how = {"kwargs": {"scale": None}, "dynamic_shapes": shapes}
    artifact = exported(tmp_path / "a.pt2", Nested(), args, **how)
    inputs = [input_of("x", "float32", [3, 4]), input_of("more_0", "float32", [3, 4])]
    converted(artifact, tmp_path / "out", "onnx", *inputs, batch=3)
    model = onnx.load(tmp_path / "out" / "model.onnx")
    assert [each.name for each in model.graph.input] == ["x", "more_0"]
    names = ["output.sum", "output.many[0]", "output.many[1]"]
    assert [each.name for each in model.graph.output] == names
    sizes = [each.type.tensor_type.shape.dim[0].dim_param for each in model.graph.input]
    assert sizes[0] == sizes[1] != ""
    x, more = np.random.default_rng(1).standard_normal((2, 3, 4), dtype=np.float32)
    found = onnx.reference.ReferenceEvaluator(model).run(None, {"x": x, "more_0": more})
    for value, expected in zip(found, [x + more, more * 2, more], strict=True):
        np.testing.assert_array_equal(value, expected)


def test_large_weights_lie_beside_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond 1 GiB, as protobuf ends at 2; here beyond 1 MiB."""
    monkeypatch.setattr(to_onnx, "INLINE_BYTES", 1 << 20)
    width = 1 << 10
    artifact = exported(tmp_path / "a.pt2", torch.nn.Linear(width, width), (torch.ones(1, width),))
    answer = converted(artifact, tmp_path / "out", "onnx", input_of("input", "float32", [1, width]))
    small, large = sorted(answer["files"], key=lambda file: file["size"])
    assert (small["path"], small["size"] < 1 << 16) == ("model.onnx", True)
    assert (large["path"], large["size"] > 1 << 22) == ("model.onnx.data", True)
    script = scripted(tmp_path / "a.pt", torch.nn.Linear(width, width))
    with pytest.raises(ConversionFailed, match="TorchScript of more than 1 GiB"):
        converted(script, tmp_path / "other", "onnx", input_of("input", "float32", [1, width]))
