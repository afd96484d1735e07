"""Models that run code of whoever wrote them, where nobody looks. Each makes a file, `mark`."""

from __future__ import annotations

import io
import itertools
import json
import os
import pickle
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from pytorch_models import changed

MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
SAMPLES = "data/sample_inputs/model.pt"


_NUMBERS = itertools.count()


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return Path.touch, (self.mark,)


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)
        self.constant = torch.ones(3)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"y": self.layer(x) + self.constant}


def plain(target: Path) -> Path:
    """A harmless program that the hostile ones are made of."""
    batch = torch.export.Dim("batch")
    x = torch.ones(2, 3)
    torch.export.save(torch.export.export(Net(), (x,), dynamic_shapes={"x": {0: batch}}), target)
    return target


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def edited(found: dict[str, bytes], name: str, edit: Callable[[dict], None]) -> None:
    content = json.loads(found[name])
    edit(content)
    found[name] = json.dumps(content).encode()


def call_of(mark: Path) -> str:
    return f"__import__('pathlib').Path({str(mark)!r}).touch()"


def pickled_weight(found: dict[str, bytes], mark: Path) -> None:
    edited(found, WEIGHTS, lambda c: c["config"]["layer.weight"].update(use_pickle=True))
    found["data/weights/weight_0"] = saved(Evil(mark))


def pickled_constant(found: dict[str, bytes], mark: Path) -> None:
    edited(found, CONSTANTS, lambda c: c["config"]["constant"].update(use_pickle=True))
    found["data/constants/tensor_0"] = saved(Evil(mark))


def opaque_constant(found: dict[str, bytes], mark: Path) -> None:
    edited(found, CONSTANTS, lambda c: c["config"]["constant"].update(path_name="opaque_obj_0"))
    pickled = pickle.dumps(Evil(mark))
    # torch wants whole float32s; what follows a pickle's end is not read.
    found["data/constants/opaque_obj_0"] = pickled + b"\0" * (-len(pickled) % 4)


def legacy_weights(found: dict[str, bytes], mark: Path) -> None:
    found["data/weights/model.pt"] = saved(Evil(mark))


def sample_inputs(found: dict[str, bytes], mark: Path) -> None:
    found[SAMPLES] = saved(((Evil(mark),), {}))


def size_expression(found: dict[str, bytes], mark: Path) -> None:
    def edit(program: dict) -> None:
        size = program["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][0]
        size["as_expr"]["expr_str"] = call_of(mark) + " or Integer(2)"

    edited(found, MODEL, edit)


def guard(found: dict[str, bytes], mark: Path) -> None:
    """What torch compiles to check the sizes of inputs."""
    edited(found, MODEL, lambda program: program.update(guards_code=[call_of(mark) + " or True"]))


def key_of_a_sample(found: dict[str, bytes], mark: Path) -> None:
    """What torch writes into messages of the guards that it compiles."""
    # In double quotes alone: torch writes the key between single ones.
    key = f'a"+str(__import__("pathlib").Path("{mark}").touch())+"'
    found[SAMPLES] = saved((({key: torch.ones(2, 3)},), {}))


def text_of_a_constant(found: dict[str, bytes], mark: Path) -> None:
    """An input that is always the same text: torch compares with it in source that it compiles."""
    text = f"' #\n)\n{call_of(mark)}\ndef g():\n  g=('"
    leaf = {"type": None, "context": None, "children_spec": []}
    inputs = {"type": "builtins.tuple", "context": "null", "children_spec": [leaf, leaf]}
    none = {"type": "builtins.dict", "context": "[]", "children_spec": []}
    nested = {"type": "builtins.tuple", "context": "null", "children_spec": [inputs, none]}

    def edit(program: dict) -> None:
        module = program["graph_module"]
        module["graph"]["inputs"].append({"as_string": text})
        constant = {"name": "mode", "value": {"as_string": text}}
        module["signature"]["input_specs"].append({"constant_input": constant})
        signature = module["module_call_graph"][0]["signature"]
        signature["in_spec"] = json.dumps([1, nested])
        signature["forward_arg_names"] = ["x", "mode"]

    edited(found, MODEL, edit)
    found[SAMPLES] = saved(((torch.ones(2, 3), text), {}))


def file_operator(found: dict[str, bytes], mark: Path) -> None:
    """An operator of torch's own that makes a file of the size that it is told."""

    def edit(program: dict) -> None:
        node = program["graph_module"]["graph"]["nodes"][-1]
        node["target"] = "torch.ops.aten.from_file.default"
        node["inputs"] = [
            {"name": "filename", "arg": {"as_string": str(mark)}, "kind": 1},
            {"name": "shared", "arg": {"as_bool": True}, "kind": 1},
            {"name": "size", "arg": {"as_int": 3}, "kind": 1},
        ]

    edited(found, MODEL, edit)


def key_of_an_output(found: dict[str, bytes], mark: Path) -> None:
    """The nesting of outputs may name an enum, whose module is imported."""
    folder = mark.parent / f"{mark.name}_code"
    folder.mkdir(exist_ok=True)
    (folder / f"hostile_{mark.name}.py").write_text(call_of(mark))

    def edit(program: dict) -> None:
        signature = program["graph_module"]["module_call_graph"][0]["signature"]
        tree = json.loads(signature["out_spec"])
        enum = {"__enum__": True, "fqn": f"hostile_{mark.name}:Any", "name": "Any"}
        tree[1]["context"] = json.dumps([enum])
        signature["out_spec"] = json.dumps(tree)

    edited(found, MODEL, edit)


IN_ARCHIVE = (
    *(pickled_weight, pickled_constant, opaque_constant, legacy_weights, sample_inputs),
    *(size_expression, guard, key_of_a_sample, text_of_a_constant, file_operator),
    key_of_an_output,
)


def state_dict(target: Path, mark: Path) -> None:
    torch.save({"weight": torch.ones(3), "more": Evil(mark)}, target)


def raw_pickle(target: Path, mark: Path) -> None:
    torch.save({"more": Evil(mark)}, target, _use_new_zipfile_serialization=False)


def script(target: Path, body: str) -> None:
    """TorchScript of one module whose methods are `body`."""
    # A name of its own: a compiled class takes a method once.
    module = type(f"Net_{target.stem}_{next(_NUMBERS)}", (torch.jit.ScriptModule,), {})()
    module.define(f"{body}\n")
    torch.jit.save(module, target)


def script_that_saves(target: Path, mark: Path) -> None:
    script(target, f"def forward(self, x: Tensor):\n    torch.save(x, {str(mark)!r})\n    return x")


def script_that_maps(target: Path, mark: Path) -> None:
    body = f"torch.from_file({str(mark)!r}, shared=True, size=3)"
    script(target, f"def forward(self, x: Tensor):\n    return x + {body}")


def script_that_saves_when_loaded(target: Path, mark: Path) -> None:
    body = f"""
def __getstate__(self):
    return torch.ones([1])
def __setstate__(self, state: Tensor):
    torch.save(state, {str(mark)!r})
    self.training = False
def forward(self, x: Tensor):
    return x
"""
    script(target, body)


def rewritten_script(target: Path, line: str) -> None:
    """TorchScript whose source has a line of another's hand in it."""
    script(target, "def forward(self, x: Tensor):\n    return x + 1")

    def edit(found: dict[str, bytes]) -> None:
        (name,) = [each for each in found if each.startswith("code/") and each.endswith(".py")]
        assert b"    return " in found[name]
        found[name] = found[name].replace(b"    return ", f"    {line}\n    return ".encode())

    changed(target, target, edit)


def script_by_parts_of_a_name(target: Path, mark: Path) -> None:
    rewritten_script(target, f"""_0 = getattr(torch, "sa" "ve")(x, "{mark}")""")


def script_by_an_escaped_name(target: Path, mark: Path) -> None:
    rewritten_script(target, rf"""_0 = getattr(torch, "s\141ve")(x, "{mark}")""")


def script_by_another_name(target: Path, mark: Path) -> None:
    rewritten_script(target, f"""o = ops\n    _0 = getattr(o.aten, "sa" "ve")(x, "{mark}")""")


SCRIPTS = (
    *(script_that_saves, script_that_maps, script_that_saves_when_loaded),
    *(script_by_parts_of_a_name, script_by_an_escaped_name, script_by_another_name),
)
PICKLES = (state_dict, raw_pickle)
ALL = {each.__name__: each for each in (*IN_ARCHIVE, *SCRIPTS, *PICKLES)}


def write(name: str, folder: Path, source: Path) -> tuple[Path, Path]:
    """The file of one hostile model, and the mark that it would leave."""
    mark = folder / f"ran_{name}"
    make = ALL[name]
    if make in IN_ARCHIVE:
        target = folder / f"{name}.pt2"
        return changed(source, target, lambda found: make(found, mark)), mark
    target = folder / f"{name}.pt"
    make(target, mark)
    return target, mark


def run_unchecked(path: Path) -> None:
    """What a user's own code does with a model: load it, and run it once."""
    if path.suffix == ".pt2":
        torch.export.load(path).module()(torch.ones(2, 3))
    elif path.name.startswith("script"):
        torch.jit.load(path)(torch.ones(3))
    else:
        torch.load(path, weights_only=False)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for each in map(Path, sys.argv[1:]):
        sys.path.insert(0, str(each.parent / f"ran_{each.stem}_code"))
        try:
            run_unchecked(each)
        except Exception as error:
            # The payload runs before torch finds that the model is broken.
            print(each.name, type(error).__name__, str(error)[:300], file=sys.stderr)
    os._exit(0)
