"""TorchScript models (.pt)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from archive import is_archive
from ayci_runtime.adapter import InputType, LoadedModel
from ayci_runtime.errors import InvalidModel
from ayci_runtime.tensors import Tensor
from check_scripted import check_scripted, not_a_model
from values import OUTPUT, named_tensors, torch_tensor


def load_script(path: Path) -> torch.jit.ScriptModule:
    """The module, in evaluation mode. Raises InvalidModel, or what torch raises."""
    if not is_archive(path):
        raise not_a_model(path.name)
    check_scripted(path)
    with warnings.catch_warnings():
        # TorchScript is deprecated, and still what many have.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(path, map_location="cpu").eval()


def input_names(module: torch.jit.ScriptModule) -> list[str]:
    """The arguments of `forward` that have no default. Raises InvalidModel for others than tensors.

    TorchScript tells neither dtypes nor shapes.
    """
    names = []
    for argument in module.forward.schema.arguments[1:]:
        if argument.has_default_value():
            continue
        if not _is_tensor(argument.type):
            raise InvalidModel(
                f"input {argument.name}: got a {argument.type.annotation_str}; expected a tensor."
                " Make it a constant, or a tensor, before torch.jit.script"
            )
        names.append(argument.name)
    return names


def _is_tensor(kind: torch._C.Type) -> bool:
    inner = kind.getElementType() if kind.kind() == "OptionalType" else kind
    return inner.kind() == "TensorType"


class ScriptedModel(LoadedModel):
    """A TorchScript module and how to feed it."""

    def __init__(self, module: torch.jit.ScriptModule) -> None:
        self.inputs = [InputType(name, None, None) for name in input_names(module)]
        self.outputs = _outputs(module.forward.schema.returns[0].type, OUTPUT)
        self._module = module

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """A call of `forward` in inference mode."""
        module = self._module
        given = {each.name: torch_tensor(each) for each in feeds}

        def run() -> object:
            try:
                with torch.inference_mode():
                    return module(**given)
            except RuntimeError as error:
                raise RuntimeError(_reason(error)) from None

        return run

    def tensors(self, raw: object) -> list[Tensor]:
        """The outputs, flattened as torch flattens them."""
        return list(named_tensors(raw))


def _reason(error: RuntimeError) -> str:
    """What went wrong, from the end of a traceback of TorchScript."""
    return str(error).rpartition("RuntimeError: ")[2]


def _outputs(kind: torch._C.Type, name: str) -> list[tuple[str, str | None]]:
    """As far as the type tells: a list or dict of unknown length stays one."""
    if kind.kind() != "TupleType":
        return [(name, None)]
    parts = enumerate(kind.elements())
    return [each for index, part in parts for each in _outputs(part, f"{name}[{index}]")]
