"""Hostile models: refused before torch opens them. Each payload runs where nobody looks."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import app
import payloads
import pytest
import torch
from ayci_runtime.errors import InvalidModel
from exported import ExportedModel, load_program
from operators import is_allowed
from payloads import MODEL, edited
from pytorch_models import changed, members
from runtime_requests import artifact_of, ask, describe_of
from symbols import is_safe, is_safe_guard


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return payloads.plain(tmp_path_factory.mktemp("plain") / "plain.pt2")


@pytest.fixture(scope="module")
def unchecked(tmp_path_factory: pytest.TempPathFactory, source: Path) -> dict[str, Path]:
    """The marks of all payloads after torch alone has loaded and run them."""
    folder = tmp_path_factory.mktemp("unchecked")
    written = {name: payloads.write(name, folder, source) for name in payloads.ALL}
    support = str(Path(__file__).resolve().parents[1] / "support")
    subprocess.run(
        [sys.executable, payloads.__file__, *(str(path) for path, _ in written.values())],
        check=True,
        capture_output=True,
        env={**{k: v for k, v in os.environ.items() if "TORCH" not in k}, "PYTHONPATH": support},
    )
    return {name: mark for name, (_, mark) in written.items()}


def described(path: Path) -> dict:
    artifact = artifact_of(path, entry=f"model{path.suffix}")
    return ask(app.handler, describe_of("pytorch", artifact))


def refusal(path: Path) -> str:
    with pytest.raises(InvalidModel) as caught:
        described(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


REASONS = {
    "pickled_weight": "layer.weight is pickled",
    "pickled_constant": "constant is pickled",
    "opaque_constant": "constant is a custom object",
    "legacy_weights": "data/weights/model.pt",
    "sample_inputs": "its pickle asks for",
    "size_expression": "expr_str",
    "guard": "guards_code",
    "key_of_a_sample": "its pickle holds",
    "text_of_a_constant": "expected words alone",
    "file_operator": "operator torch.ops.aten.from_file.default",
    "key_of_an_output": "a key of inputs or outputs",
    "script_that_saves": "got save",
    "script_that_maps": "from_file",
    "script_that_saves_when_loaded": "got save",
    "script_by_parts_of_a_name": "got an attribute whose name is no plain text",
    "script_by_an_escaped_name": "got an attribute whose name is no plain text",
    "script_by_another_name": "got ops. without a call",
    "state_dict": "a state dict or a whole module",
    "raw_pickle": "a state dict or a whole module",
}


@pytest.mark.parametrize("name", payloads.ALL)
def test_a_payload_does_not_run(
    name: str,
    source: Path,
    tmp_path: Path,
    unchecked: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert unchecked[name].exists(), "the payload runs nowhere: this test proves nothing"
    path, mark = payloads.write(name, tmp_path, source)
    monkeypatch.syspath_prepend(str(tmp_path / f"{mark.name}_code"))
    assert REASONS[name] in refusal(path)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["guard", "key_of_a_sample", "text_of_a_constant"])
def test_nothing_is_compiled_of_what_is_not_checked(
    name: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second line: what the first one could miss, never becomes Python."""
    path, mark = payloads.write(name, tmp_path, source)
    monkeypatch.setattr("exported.check_exported", lambda path: None)
    module = ExportedModel(load_program(path))._module
    # A second input makes the last one refuse this call, after what would be compiled for it.
    with contextlib.suppress(Exception):
        module(torch.ones(2, 3))
    assert not mark.exists()


def test_torch_itself_unpickles_nothing(source: Path, tmp_path: Path) -> None:
    """The second line: what the first one could miss, torch refuses in this process."""
    for name in ("pickled_weight", "sample_inputs", "state_dict"):
        path, mark = payloads.write(name, tmp_path, source)
        with pytest.raises(Exception, match=r"weights_only|Weights only"):
            payloads.run_unchecked(path)
        assert not mark.exists()


def test_the_source_of_all_of_them_is_accepted(source: Path, tmp_path: Path) -> None:
    assert described(source)["inputs"][0]["name"] == "x"
    assert described(changed(source, tmp_path / "same.pt2", lambda found: None))["outputs"]


def node_of(program: dict) -> dict:
    return program["graph_module"]["graph"]["nodes"][-1]


def renamed(text: str) -> Callable[[dict], None]:
    return lambda program: node_of(program).update(name=text)


EDITS: dict[str, tuple[Callable[[dict], None], str]] = {
    "a function of Python": (
        lambda program: node_of(program).update(target="torch.os.system"),
        "operator torch.os.system",
    ),
    "an unknown operator": (
        lambda program: node_of(program).update(target="torch.ops.mine.scale.default"),
        "operator torch.ops.mine.scale.default",
    ),
    "a name with a call in it": (renamed("x = print()"), "name: got 'x = print()'"),
    "an attribute of Python's own": (
        lambda program: node_of(program)["inputs"][0].update(
            arg={"as_operator": "torch.ops.aten.__getattr__.__globals__"}
        ),
        "operator torch.ops.aten.__getattr__.__globals__",
    ),
    "a constant with a quote in it": (
        lambda program: node_of(program)["inputs"][0].update(arg={"as_string": "it's"}),
        'as_string: got "it\'s"',
    ),
    "a custom object": (
        lambda program: node_of(program)["inputs"][0].update(
            arg={"as_custom_obj": {"name": "a", "class_fqn": "b"}}
        ),
        "got a custom object",
    ),
    "an operator in a table that the model names": (
        lambda program: node_of(program)["inputs"][0].update(
            arg={"as_string_to_argument": {"metadata": {"as_operator": "torch.os.system"}}}
        ),
        "operator torch.os.system",
    ),
    "an argument's name with a default": (
        lambda program: program["graph_module"]["module_call_graph"][0]["signature"].update(
            forward_arg_names=["x=print()"]
        ),
        "forward_arg_names",
    ),
    "a container of its own": (
        lambda program: program["graph_module"]["module_call_graph"][0]["signature"].update(
            in_spec='[1, {"type": "mine.Output", "context": "null", "children_spec": []}]'
        ),
        "nested in a mine.Output",
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_refuses_a_program_with(case: str, source: Path, tmp_path: Path) -> None:
    edit, reason = EDITS[case]
    path = changed(source, tmp_path / "a.pt2", lambda found: edited(found, MODEL, edit))
    assert reason in refusal(path)


MEMBERS = {
    "compiled code": "data/aotinductor/model/a.so",
    "a second program": "models/other.json",
    "a member outside": "../../escaped",
    "an absolute member": "/etc/passwd",
    "a backslash": "..\\escaped",
}


@pytest.mark.parametrize("case", MEMBERS)
def test_refuses_an_archive_with(case: str, source: Path, tmp_path: Path) -> None:
    path = changed(source, tmp_path / "a.pt2", lambda found: found.update({MEMBERS[case]: b"1"}))
    assert MEMBERS[case].lstrip("/")[-7:] in refusal(path)
    assert not (tmp_path.parent / "escaped").exists()


def rewritten(source: Path, target: Path, add: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members(source).items():
            archive.writestr(name, data)
        add(archive)
    return target


def test_refuses_a_name_twice_whatever_its_case(source: Path, tmp_path: Path) -> None:
    path = rewritten(
        source, tmp_path / "a.pt2", lambda a: a.writestr("plain/Models/MODEL.json", "{}")
    )
    assert "holds it twice" in refusal(path)


def test_refuses_a_symbolic_link(source: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("plain/extra/link")
    link.external_attr = 0o120777 << 16
    path = rewritten(source, tmp_path / "a.pt2", lambda a: a.writestr(link, "/etc/passwd"))
    assert "got a link" in refusal(path)


def test_refuses_an_encrypted_member(source: Path, tmp_path: Path) -> None:
    data = bytearray(source.read_bytes())
    # The flags of the last member, in the central directory.
    at = data.rindex(b"PK\x01\x02") + 8
    data[at] |= 1
    (tmp_path / "a.pt2").write_bytes(data)
    assert "encrypted" in refusal(tmp_path / "a.pt2")


def test_refuses_a_bomb(source: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt2", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members(source).items():
            archive.writestr(name, data)
        info = zipfile.ZipInfo("plain/extra/zeros")
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w") as member:
            for _ in range(257):
                member.write(bytes(1 << 20))
    assert (tmp_path / "a.pt2").stat().st_size < 4 << 20
    assert "256 MiB" in refusal(tmp_path / "a.pt2")


def test_refuses_a_size_that_is_a_lie(source: Path, tmp_path: Path) -> None:
    data = bytearray(source.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 1 << 30)
    (tmp_path / "a.pt2").write_bytes(data)
    assert "two sizes" in refusal(tmp_path / "a.pt2")


@pytest.mark.parametrize("where", ["before", "after"])
def test_refuses_bytes_around_the_archive(source: Path, tmp_path: Path, where: str) -> None:
    """Two readers could find two directories."""
    data = source.read_bytes()
    around = data + b"more" if where == "after" else b"more" + data
    (tmp_path / "a.pt2").write_bytes(around)
    assert "before or after" in refusal(tmp_path / "a.pt2")


def test_refuses_overlapping_members(source: Path, tmp_path: Path) -> None:
    """Many names for the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members(source).items():
            archive.writestr(name, data)
        archive.writestr("plain/extra/0", bytes(1 << 16))
        first = archive.getinfo("plain/extra/0")
        for index in range(1, 9):
            again = zipfile.ZipInfo(f"plain/extra/{index}")
            for field in ("header_offset", "CRC", "compress_size", "file_size"):
                setattr(again, field, getattr(first, field))
            archive.filelist.append(again)
    (tmp_path / "a.pt2").write_bytes(buffer.getvalue())
    assert "overlap" in refusal(tmp_path / "a.pt2")


def test_refuses_a_damaged_archive(source: Path, tmp_path: Path) -> None:
    data = bytearray(source.read_bytes())
    at = data.index(b'"graph_module"')
    data[at] ^= 1
    (tmp_path / "a.pt2").write_bytes(data)
    assert "model.json: cannot be read" in refusal(tmp_path / "a.pt2")


def test_refuses_torchscript_with_an_operator_of_its_own(tmp_path: Path) -> None:
    class Twice(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.ops.aten.mul(x, 2)

    torch.jit.save(torch.jit.script(Twice()), tmp_path / "plain.pt")
    assert described(tmp_path / "plain.pt")["inputs"][0]["name"] == "x"

    def edit(found: dict[str, bytes]) -> None:
        (name,) = [each for each in found if each.startswith("code/") and each.endswith(".py")]
        assert b"torch.mul(x, 2)" in found[name]
        found[name] = found[name].replace(b"torch.mul(x, 2)", b"ops.mine.scale(x)")

    path = changed(tmp_path / "plain.pt", tmp_path / "a.pt", edit)
    assert "operator mine::scale" in refusal(path)


# An operator of torch's own tests, and a custom class: nothing that they do can be seen.
UNWRITTEN = {
    "a name of its own for all operators": "o = ops\n    _0 = o._test.leaky_relu(x, 0.1)",
    "a name of its own for a namespace": "o = ops._test\n    _0 = o.leaky_relu(x, 0.1)",
    "brackets": "_0 = (ops)._test.leaky_relu(x, 0.1)",
    "brackets around a namespace": "_0 = (ops._test).leaky_relu(x, 0.1)",
    "a blank": "_0 = ops . _test . leaky_relu(x, 0.1)",
    "a number that ends in a dot": "_0 = 1.\n    _1 = ops._test.leaky_relu(x, 0.1)",
    "an attribute": """_0 = getattr(ops, "_test").leaky_relu(x, 0.1)""",
    "single quotes": "_0 = getattr(ops, '_test').leaky_relu(x, 0.1)",
    "a custom class": "_0 = __torch__.torch.classes._nnapi.Compilation()",
    "a name of its own for a class": (
        "t = __torch__.torch\n    _0 = t.classes._nnapi.Compilation()"
    ),
    "brackets around a class": "_0 = (__torch__.torch).classes._nnapi.Compilation()",
}


@pytest.mark.parametrize("line", UNWRITTEN.values(), ids=UNWRITTEN)
def test_refuses_torchscript_by(line: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    payloads.rewritten_script(path, line)
    assert "expected" in refusal(path) or "not one of PyTorch's own" in refusal(path)
    # torch itself bears it.
    assert torch.jit.load(path)(torch.ones(2)).tolist() == [2, 2]


Pair = NamedTuple("Pair", [("first", torch.Tensor), ("ops", torch.Tensor)])  # noqa: UP014


class Rich(torch.nn.Module):
    """A bit of all that torch writes as source, and words that stand for something else."""

    def __init__(self) -> None:
        super().__init__()
        self.limit = 1.0
        self.ops = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.ReLU()])
        self.head = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())

    def helper(self, ops: torch.Tensor, table: dict[str, torch.Tensor]) -> Pair:
        return Pair(ops * self.limit, table["getattr"])

    def forward(self, x: torch.Tensor, flag: bool = True) -> dict[str, torch.Tensor]:
        for op in self.ops:
            x = op(x)
        x = self.head(x)
        if x.dim() > 5:
            raise ValueError('it\'s "odd": save #1 of torch.save\n\t{ops}\\ä' + str(x.dim()))
        table = {"getattr": x[..., 0:1], 'b"': x}
        found = [self.helper(each, table) for each in (x, x + 1e-05)]
        total = torch.zeros([2])
        while total.sum() < 3.0 and flag:
            total = total + torch.ones(2, dtype=torch.float32)
        first, second = found[0]
        return {"y": first + torch.jit.wait(torch.jit.fork(torch.neg, second)), "z": total}


def test_accepts_what_torch_writes(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(Rich()), tmp_path / "rich.pt")
    assert described(tmp_path / "rich.pt")["inputs"][0]["name"] == "x"
    quantized = torch.ao.quantization.quantize_dynamic(Rich().head, {torch.nn.Linear})
    torch.jit.save(torch.jit.trace(quantized, torch.ones(1, 2)), tmp_path / "int8.pt")
    assert described(tmp_path / "int8.pt")["outputs"]


EXPRESSIONS = json.loads(
    (Path(__file__).parents[2] / "zoo/pytorch-expressions.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("kind", "check"), [("sizes", is_safe), ("guards", is_safe_guard)])
def test_reads_expressions_as_the_first_reader_does(
    kind: str, check: Callable[[str], bool]
) -> None:
    texts = EXPRESSIONS[kind]
    told = {text: check(text) for side in ("plain", "refused") for text in texts[side]}
    assert told == {text: side == "plain" for side in ("plain", "refused") for text in texts[side]}


# How torch words operators that reach out.
WORDS = re.compile(
    r"(?i)file|save|load|python|rpc|remote|read|write|exec|librar|import|pickle|dump|process|socket"
)


def test_goes_through_all_that_torch_has() -> None:
    schemas = torch._C._jit_get_all_schemas()
    allowed = [each for each in schemas if is_allowed(*each.name.split("::"))]
    assert 2000 < len({each.name for each in allowed}) < len({each.name for each in schemas})
    worded = {each.name for each in allowed if WORDS.search(each.name)}
    # What profiles in the compiler.
    assert worded == {"prim::profile", "prim::profile_ivalue"}
    named = {arg.name for each in allowed for arg in each.arguments}
    assert not {name for name in named if re.search("file|path_|url|address|command", name)}
