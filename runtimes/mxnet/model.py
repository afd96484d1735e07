"""A symbol with its parameters as a model: loaded, bound, fed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mxnet as mx
import numpy as np
from ayci_runtime.adapter import InputType, LoadedModel
from ayci_runtime.errors import InvalidInput, InvalidModel, one_line
from ayci_runtime.tensors import Tensor
from entries import check_entries
from params import DTYPES, ParamType, read_params
from signature import inputs_of, outputs_of
from symbol import ATTRIBUTES, Graph, is_variable, read_symbol

SYMBOL_END = "-symbol.json"
PARAMS_END = "-0000.params"
Arrays = dict[str, mx.nd.NDArray]
Shape = tuple[int, ...]


def params_of(path: Path) -> Path:
    """The parameters beside a symbol. Raises InvalidModel where they are not there."""
    if not path.name.endswith(SYMBOL_END):
        raise InvalidModel(f"{path.name}: got another name; expected one that ends in {SYMBOL_END}")
    prefix = path.name.removesuffix(SYMBOL_END)
    found = path.with_name(prefix + PARAMS_END)
    if not found.is_file():
        others = sorted(each.name for each in path.parent.glob("*.params"))
        raise InvalidModel(
            f"{found.name}: got {', '.join(others[:5]) or 'no parameters'} beside {path.name};"
            f" expected {found.name}. Name the epoch that you mean, or export both files"
        )
    return found


class MxnetModel(LoadedModel):
    """A symbol and its parameters; a module is made for the shapes that it is fed."""

    def __init__(self, path: Path) -> None:
        """`path`: a symbol file. Both files are read and checked before MXNet loads them."""
        params = params_of(path)
        types = read_params(params)
        graph = read_symbol(path)
        self.inputs: list[InputType] = inputs_of(graph, types)
        self.outputs: list[tuple[str, str | None]] = [(name, None) for name in outputs_of(graph)]
        check_entries(graph)
        # What was checked, not what a second look at the file may give.
        self.symbol = mx.sym.load_json(json.dumps(_with_types(graph, types), ensure_ascii=False))
        loaded = mx.nd.load(str(params))
        self.params: Arrays = {
            name.removeprefix("arg:").removeprefix("aux:"): array for name, array in loaded.items()
        }
        self._module: mx.mod.Module | None = None
        self._bound: list[tuple[str, Shape, str]] = []

    def bind(self, feeds: Sequence[Tensor]) -> Callable[[], object]:
        """`module.forward` on MXNet's arrays, and its outputs as numpy arrays."""
        by_name = {each.name: each for each in feeds}
        ordered = [by_name[each.name] for each in self.inputs]
        for each in ordered:
            if each.dtype not in DTYPES.values():
                known = ", ".join(DTYPES.values())
                raise InvalidInput(f"input {each.name}: got {each.dtype}; expected one of {known}")
        batch = mx.io.DataBatch([mx.nd.array(each.array, dtype=each.dtype) for each in ordered])
        module = self._module_for([(each.name, each.array.shape, each.dtype) for each in ordered])

        def run() -> list[np.ndarray]:
            module.forward(batch, is_train=False)
            return [output.asnumpy() for output in module.get_outputs()]

        return run

    def tensors(self, raw: object) -> list[Tensor]:
        """The outputs, in the symbol's order."""
        return [
            Tensor(name, array.dtype.name, array)
            for (name, _), array in zip(self.outputs, raw, strict=True)
        ]

    def _module_for(self, wanted: list[tuple[str, Shape, str]]) -> mx.mod.Module:
        if self._module is None or wanted != self._bound:
            self._module = None
            infer_shapes(self.symbol, {name: shape for name, shape, _ in wanted})
            self._module, self._bound = self._made(wanted), wanted
        return self._module

    def _made(self, wanted: list[tuple[str, Shape, str]]) -> mx.mod.Module:
        module = mx.mod.Module(
            self.symbol,
            data_names=[name for name, _, _ in wanted],
            label_names=None,
            context=mx.cpu(),
        )
        module.bind(
            [mx.io.DataDesc(name, shape, np.dtype(dtype)) for name, shape, dtype in wanted],
            for_training=False,
        )
        auxiliary = set(self.symbol.list_auxiliary_states())
        module.set_params(
            {name: array for name, array in self.params.items() if name not in auxiliary},
            {name: array for name, array in self.params.items() if name in auxiliary},
            # A label has none, and a symbol that was cut short needs not all that there are.
            allow_missing=True,
            allow_extra=True,
        )
        return module


def infer_shapes(symbol: mx.sym.Symbol, shapes: dict[str, Shape]) -> list[Shape]:
    """The shapes of a symbol's outputs, by those of its inputs.

    Raises InvalidInput where these do not fit its parameters.
    """
    listed = symbol.list_inputs()
    try:
        _, found, _ = symbol.infer_shape(
            **{name: shapes[name] for name in shapes if name in listed}
        )
    except mx.MXNetError as error:
        given = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise InvalidInput(
            f"inputs: got {given}; expected shapes that fit the model: {one_line(error)}"
        ) from None
    if found is None:
        raise InvalidModel("shapes: got inputs and parameters that do not tell those of all values")
    return found


def _with_types(graph: Graph, types: dict[str, ParamType]) -> dict[str, Any]:
    """The symbol's JSON, in which parameters tell their shapes and dtypes: MXNet guesses else."""
    flags = {dtype: str(flag) for flag, dtype in DTYPES.items()}
    nodes = [
        {
            **{key: value for key, value in told.items() if key not in ATTRIBUTES},
            "attrs": {
                **node.attrs,
                "__shape__": str(types[node.name].shape),
                "__dtype__": flags[types[node.name].dtype],
            },
        }
        if is_variable(node) and node.name in types
        else told
        for node, told in zip(graph.nodes, graph.json["nodes"], strict=True)
    ]
    return {**graph.json, "nodes": nodes}
