"""What models take and give: dtypes, nesting, sizes that vary, and what cannot be fed."""

from __future__ import annotations

from pathlib import Path

import app
import pytest
import torch
from ayci_runtime.errors import InferenceFailed, InvalidInput, InvalidModel
from runtime_requests import artifact_of, ask, describe_of, input_of, measure_of, subject_of


def exported(path: Path, module: torch.nn.Module, args: tuple, **how) -> dict:
    torch.export.save(torch.export.export(module.eval(), args, **how), path)
    return artifact_of(path, entry="model.pt2")


def scripted(path: Path, module: torch.nn.Module) -> dict:
    torch.jit.save(torch.jit.script(module.eval()), path)
    return artifact_of(path, entry="model.pt")


def described(artifact: dict) -> dict:
    return ask(app.handler, describe_of("pytorch", artifact))


def measured(artifact: dict, *inputs: dict) -> dict:
    subject = subject_of(artifact, *inputs)
    (answer,) = ask(app.handler, measure_of("pytorch", "vanilla", subject))["subjects"]
    return answer


class Nested(torch.nn.Module):
    """Inputs in a dict and a list, one of them None; outputs in a dict, a list and a tuple."""

    def forward(self, image, more, scale=None):
        first, second = more["pair"]
        return {"sum": image + first, "many": [second, (image * 2, image.shape[0])], "none": None}


def test_nested_inputs_and_outputs_in_the_order_of_pytree(tmp_path: Path) -> None:
    pair = [torch.ones(2, 4), torch.ones(2, 1, dtype=torch.int64)]
    batch = torch.export.Dim("batch")
    shapes = {"image": {0: batch}, "more": {"pair": [{0: batch}, {0: batch}]}, "scale": None}
    args = (torch.ones(2, 4), {"pair": pair})
    how = {"kwargs": {"scale": None}, "dynamic_shapes": shapes}
    artifact = exported(tmp_path / "a.pt2", Nested(), args, **how)
    told = described(artifact)
    assert [each["name"] for each in told["inputs"]] == ["image", "more_pair_0", "more_pair_1"]
    assert [each["dtype"] for each in told["inputs"]] == ["float32", "float32", "int64"]
    assert len({each["dims"][0] for each in told["inputs"]}) == 1
    assert [each["dims"][1] for each in told["inputs"]] == [4, 4, 1]
    names = ["output.sum", "output.many[0]", "output.many[1][0]", "output.many[1][1]"]
    assert [each["name"] for each in told["outputs"]] == names
    found = measured(
        artifact,
        # In any order: they are fed by name.
        input_of("more_pair_1", "int64", [3, 1], "range", low=0, high=9),
        input_of("image", "float32", [3, 4]),
        input_of("more_pair_0", "float32", [3, 4]),
    )
    assert [(out["name"], out["shape"]) for out in found["outputs"]] == list(
        zip(names, [[3, 4], [3, 1], [3, 4], []], strict=True)
    )


class Twice(torch.nn.Module):
    def forward(self, x):
        return x + x


DTYPES = (
    *("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8"),
    *("uint16", "uint32", "uint64"),
)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_that_torch_has(dtype: str, tmp_path: Path) -> None:
    """Twice what was fed comes back, in the same dtype."""
    from adapter import PytorchAdapter
    from ayci_runtime.inputs import make_inputs
    from ayci_runtime.tensors import numbers

    class Same(torch.nn.Module):
        def forward(self, x):
            return x.clone()

    # torch adds no unsigned integers of two bytes or more.
    module = Same() if dtype in ("uint16", "uint32", "uint64") else Twice()
    artifact = exported(
        tmp_path / "model.pt2", module, (torch.zeros(2, 3).to(getattr(torch, dtype)),)
    )
    assert described(artifact)["inputs"] == [{"name": "x", "dtype": dtype, "dims": [2, 3]}]
    (fed,) = make_inputs([input_of("x", dtype, [2, 3], "range", low=0, high=50)], 1, tmp_path)
    model = PytorchAdapter().load(tmp_path / "model.pt2", "vanilla", 1)
    (found,) = model.tensors(model.bind([fed])())
    factor = 1 if isinstance(module, Same) else 2
    assert found.dtype == dtype
    assert numbers(found).tolist() == (numbers(fed) * factor).tolist()
    assert len(set(numbers(found).flat)) > 1


def test_outputs_in_a_class_of_a_library_that_is_not_installed(tmp_path: Path) -> None:
    """As transformers returns them: a dict by another name."""
    from payloads import MODEL, edited
    from pytorch_models import changed

    class Named(torch.nn.Module):
        def forward(self, x):
            return {"hidden": x + 1, "pooled": x.sum(1)}

    exported(tmp_path / "a.pt2", Named(), (torch.ones(2, 3),))

    def edit(program: dict) -> None:
        signature = program["graph_module"]["module_call_graph"][0]["signature"]
        signature["out_spec"] = signature["out_spec"].replace(
            "builtins.dict", "somebody.outputs.ModelOutput"
        )

    path = changed(tmp_path / "a.pt2", tmp_path / "model.pt2", lambda f: edited(f, MODEL, edit))
    for _ in range(2):
        found = measured(artifact_of(path), input_of("x", "float32", [2, 3]))["outputs"]
        assert [(out["name"], out["shape"]) for out in found] == [
            ("output.hidden", [2, 3]),
            ("output.pooled", [2]),
        ]


def test_bool(tmp_path: Path) -> None:
    class Negated(torch.nn.Module):
        def forward(self, x):
            return ~x

    artifact = exported(tmp_path / "a.pt2", Negated(), (torch.zeros(8, dtype=torch.bool),))
    assert described(artifact)["inputs"][0]["dtype"] == "bool"
    (out,) = measured(artifact, input_of("x", "bool", [8]))["outputs"]
    assert out == {"name": "output", "dtype": "bool", "shape": [8]}


def test_complex_outputs_are_told_by_their_parts(tmp_path: Path) -> None:
    class Spectrum(torch.nn.Module):
        def forward(self, x):
            return torch.fft.fft(x)

    artifact = exported(tmp_path / "a.pt2", Spectrum(), (torch.zeros(8),))
    (out,) = measured(artifact, input_of("x", "float32", [8]))["outputs"]
    assert out == {"name": "output", "dtype": "float32", "shape": [8, 2]}


def test_a_model_that_writes_to_its_input_gets_the_same_each_time(tmp_path: Path) -> None:
    class Adds(torch.nn.Module):
        def forward(self, x):
            return x.add(1).clone()

    artifact = scripted(tmp_path / "a.pt", Adds())
    one, other = (measured(artifact, input_of("x", "float32", [4])) for _ in range(2))
    assert one["fingerprint"] == other["fingerprint"]


def test_torchscript_leaves_out_what_has_a_default(tmp_path: Path) -> None:
    class Masked(torch.nn.Module):
        def forward(
            self, x: torch.Tensor, mask: torch.Tensor | None = None, scale: float = 2.0
        ) -> torch.Tensor:
            return x * scale if mask is None else x * mask

    artifact = scripted(tmp_path / "a.pt", Masked())
    assert [each["name"] for each in described(artifact)["inputs"]] == ["x"]
    assert measured(artifact, input_of("x", "float64", [2, 3]))["outputs"][0]["dtype"] == "float64"


def test_strings_are_refused(tmp_path: Path) -> None:
    artifact = scripted(tmp_path / "a.pt", Twice())
    with pytest.raises(InvalidInput, match="input x: got string; expected numbers"):
        measured(artifact, input_of("x", "string", [2]))


def test_an_input_that_is_no_tensor_is_refused(tmp_path: Path) -> None:
    class Repeated(torch.nn.Module):
        def forward(self, x: torch.Tensor, times: int) -> torch.Tensor:
            return x * times

    artifact = scripted(tmp_path / "a.pt", Repeated())
    with pytest.raises(InvalidModel, match="input times: got a int; expected a tensor"):
        described(artifact)
    shapes = {"x": None, "times": torch.export.Dim.DYNAMIC}
    artifact = exported(tmp_path / "a.pt2", Repeated(), (torch.ones(2), 3), dynamic_shapes=shapes)
    with pytest.raises(InvalidModel, match="input times: got a SymInt; expected a tensor"):
        described(artifact)


def test_a_text_is_a_constant(tmp_path: Path) -> None:
    class Named(torch.nn.Module):
        def forward(self, x: torch.Tensor, mode: str, y: torch.Tensor) -> torch.Tensor:
            return x + y if mode == "sum of both" else x - y

    shapes = (torch.full((2,), 3.0), "sum of both", torch.ones(2))
    artifact = exported(tmp_path / "a.pt2", Named(), shapes)
    assert [each["name"] for each in described(artifact)["inputs"]] == ["x", "y"]
    inputs = [input_of(name, "float32", [2]) for name in ("x", "y")]
    assert measured(artifact, *inputs)["firstMs"] > 0


def test_a_shape_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    artifact = exported(tmp_path / "a.pt2", Twice(), (torch.ones(2, 3),))
    with pytest.raises(InvalidInput, match=r"input x: got shape \[2, 4\]; expected \[2, 3\]"):
        measured(artifact, input_of("x", "float32", [2, 4]))
    with pytest.raises(InvalidInput, match="input x: got float64; expected float32"):
        measured(artifact, input_of("x", "float64", [2, 3]))


def test_torchscript_that_does_not_run_says_why_in_one_line(tmp_path: Path) -> None:
    artifact = scripted(tmp_path / "a.pt", torch.nn.Linear(3, 4))
    with pytest.raises(InferenceFailed) as caught:
        measured(artifact, input_of("input", "float32", [2, 5]))
    assert str(caught.value) == "mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("model.pt2", b"not a zip", "expected a zip file alone"),
        ("model.pt2", b"", "expected a zip file alone"),
        ("model.pt", b"not a zip", "a state dict or a whole module"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidModel, match=reason):
        described(artifact_of(tmp_path / name))


def test_torchscript_under_the_other_name_is_refused(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(Twice()), tmp_path / "model.pt2")
    with pytest.raises(InvalidModel, match="got no exported program"):
        described(artifact_of(tmp_path / "model.pt2"))


def test_an_operator_of_a_newer_torch_is_named(tmp_path: Path) -> None:
    from payloads import MODEL, edited
    from pytorch_models import changed

    exported(tmp_path / "a.pt2", Twice(), (torch.ones(2),))

    def edit(program: dict) -> None:
        program["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.aten.of_2030.default"

    path = changed(tmp_path / "a.pt2", tmp_path / "model.pt2", lambda f: edited(f, MODEL, edit))
    with pytest.raises(InvalidModel, match=r"operator torch\.ops\.aten\.of_2030\.default: torch 2"):
        described(artifact_of(path))
