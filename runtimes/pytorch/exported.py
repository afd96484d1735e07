"""Models that torch.export.save wrote (.pt2)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from ayci_runtime.adapter import InputType, LoadedModel
from ayci_runtime.errors import InvalidModel
from ayci_runtime.tensors import Tensor
from check_exported import check_exported
from torch.export.graph_signature import (
    ArgumentSpec,
    ConstantArgument,
    InputKind,
    TensorArgument,
)
from torch.utils import _pytree as pytree
from values import dtype_name, named_tensors, output_name, torch_tensor

# `['x'][0]`, as torch writes the place of an input.
_WORDS = re.compile(r"(\[[0-9]+\]|\['[\w. -]+'\]|\.\w+)*", re.ASCII)
# As torch words a target that it does not know.
_UNKNOWN = re.compile(r"We failed to resolve (\S+) to an operator")


def load_program(path: Path) -> torch.export.ExportedProgram:
    """The program of an archive that was read first. Raises InvalidModel, or what torch raises."""
    check_exported(path)
    logged = _Logged()
    log = logging.getLogger(torch.export.__name__)
    log.addHandler(logged)
    try:
        return _unguarded(torch.export.load(path))
    except RuntimeError as error:
        # torch logs the reason, and raises another error that does not tell it.
        reason = logged.error or error
        unknown = _UNKNOWN.search(str(reason))
        if unknown is None:
            raise reason from None
        raise InvalidModel(
            f"operator {unknown[1]}: torch {torch.__version__} has none."
            " Export the model with this version of torch"
        ) from None
    finally:
        log.removeHandler(logged)


def _unguarded(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """A program of whose guards, texts and sample inputs torch makes no Python to execute."""
    program._example_inputs = None
    program._guards_code = []
    return program


def _guarded_module(program: torch.export.ExportedProgram) -> torch.fx.GraphModule:
    """Its module, which checks sizes as fast as torch's own where all that it is made of is words.

    torch writes the names of inputs and constants that are texts into source that it executes.
    """
    leaves = [None] * program.call_spec.in_spec.num_leaves
    names = pytree.tree_unflatten(leaves, program.call_spec.in_spec)
    paths = (pytree.keystr(path) for path, _ in pytree.tree_flatten_with_path(names)[0])
    constants = (getattr(arg, "value", None) for arg in _user_arguments(program))
    if all(map(_WORDS.fullmatch, paths)) and not any(isinstance(each, str) for each in constants):
        program._example_inputs = names
    return program.module()


class _Logged(logging.Handler):
    """Keeps the last error that was logged."""

    error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.error = record.exc_info[1]


def input_types(program: torch.export.ExportedProgram) -> list[InputType]:
    """Its inputs in the order of the flattened arguments; sizes that vary are symbols.

    Raises InvalidModel for an input that is no tensor.
    """
    return [_input_type(node) for node in _fed(program)]


def arguments(
    program: torch.export.ExportedProgram, values: dict[str, torch.Tensor]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Tensors by input name, as positional and keyword arguments of the program's module."""
    # Constants are leaves that the program was exported with, None among them.
    leaves = [
        values[arg.name] if isinstance(arg, TensorArgument) else getattr(arg, "value", None)
        for arg in _user_arguments(program)
    ]
    args, kwargs = pytree.tree_unflatten(leaves, program.call_spec.in_spec)
    return tuple(args), kwargs


def _user_arguments(program: torch.export.ExportedProgram) -> list[ArgumentSpec]:
    specs = program.graph_signature.input_specs
    return [spec.arg for spec in specs if spec.kind is InputKind.USER_INPUT]


def _fed(program: torch.export.ExportedProgram) -> Iterator[torch.fx.Node]:
    """The inputs that are no constants: tensors, or what `_input_type` refuses."""
    arguments = _user_arguments(program)
    wanted = {each.name for each in arguments if not isinstance(each, ConstantArgument)}
    return (
        node for node in program.graph.nodes if node.op == "placeholder" and node.name in wanted
    )


def _input_type(node: torch.fx.Node) -> InputType:
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor):
        raise InvalidModel(
            f"input {node.name}: got a {type(value).__name__}; expected a tensor."
            " Make it a constant, or a tensor, before torch.export"
        )
    dtype = dtype_name(value.dtype)
    if dtype is None:
        raise InvalidModel(f"input {node.name}: got {value.dtype}; expected a dtype of numpy's")
    dims = tuple(size if isinstance(size, int) else str(size) for size in value.shape)
    return InputType(node.name, dtype, dims)


def output_types(program: torch.export.ExportedProgram) -> list[tuple[str, str | None]]:
    """Names and dtypes of all that is not None, flattened; None for the dtype of a number."""
    return list(_outputs(program))


def _outputs(program: torch.export.ExportedProgram) -> Iterator[tuple[str, str | None]]:
    spec = program.call_spec.out_spec
    count = len(program.graph_signature.user_outputs)
    *_, output = program.graph.nodes
    # What the graph returns before them are buffers that it changed.
    returned = output.args[0][len(output.args[0]) - count :]
    tree = pytree.tree_unflatten(list(returned), spec)
    for path, node in pytree.tree_flatten_with_path(tree)[0]:
        value = node.meta.get("val") if isinstance(node, torch.fx.Node) else node
        if value is not None:
            dtype = dtype_name(value.dtype) if isinstance(value, torch.Tensor) else None
            yield output_name(path), dtype


class ExportedModel(LoadedModel):
    """The module of an exported program and how to feed it."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self.inputs = input_types(program)
        self.outputs = output_types(program)
        self._program = program
        self._module = _guarded_module(program)

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """A call of the module in inference mode."""
        module = self._module
        values = {each.name: torch_tensor(each) for each in feeds}
        args, kwargs = arguments(self._program, values)

        def run() -> object:
            with torch.inference_mode():
                return module(*args, **kwargs)

        return run

    def tensors(self, raw: object) -> list[Tensor]:
        """The outputs, flattened as torch flattens them."""
        return list(named_tensors(raw))
