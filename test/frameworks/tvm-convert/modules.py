"""Small Relax modules, as the PyTorch converter writes them."""

from __future__ import annotations

from collections.abc import Callable

import tvm
from tvm import relax


def module_of(call: Callable[[relax.BlockBuilder, relax.Var], relax.Expr]) -> tvm.IRModule:
    """A module of one input and one output, [2, 3] each."""
    builder = relax.BlockBuilder()
    x = relax.Var("x", relax.TensorType((2, 3), "float32"))
    with builder.function("main", [x], attrs={"output_names": ["y"]}):
        with builder.dataflow():
            out = builder.emit_output(call(builder, x))
        builder.emit_func_output(out)
    return builder.get()
