"""Computes with numpy what depends on constants alone.

TVM's FoldConstant compiles each of these, which takes longer than all else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tvm import relax
from tvm.ir import IRModule
from tvm.relax.expr_functor import PyExprMutator, mutator

from schedule.shapes import constant_of, dtype_of, shape_of

Evaluate = Callable[..., np.ndarray]


def _permuted(call: relax.Call, x: np.ndarray) -> np.ndarray:
    axes = call.attrs.axes
    return x.transpose(None if axes is None else [int(axis) for axis in axes])


def _reshaped(call: relax.Call, x: np.ndarray) -> np.ndarray:
    return x.reshape(shape_of(call))


def _of_values(function: Callable) -> Evaluate:
    return lambda call, *values: function(*values)


_OPERATORS: dict[str, Evaluate] = {
    "relax.permute_dims": _permuted,
    "relax.reshape": _reshaped,
    "relax.expand_dims": _reshaped,
    "relax.squeeze": _reshaped,
    "relax.add": _of_values(np.add),
    "relax.subtract": _of_values(np.subtract),
    "relax.multiply": _of_values(np.multiply),
    "relax.divide": _of_values(np.divide),
    "relax.sqrt": _of_values(np.sqrt),
    "relax.rsqrt": _of_values(lambda x: 1 / np.sqrt(x)),
    "relax.negative": _of_values(np.negative),
    "relax.isnan": _of_values(np.isnan),
    "relax.where": _of_values(np.where),
}
_TYPES = ("float32", "float64", "bool")


def fold_constants(module: IRModule) -> IRModule:
    """The module with weights transposed, reshaped, scaled and so on ahead."""
    folder = _Folder(module)
    for variable, function in module.functions_items():
        if isinstance(function, relax.Function):
            folder.builder_.update_func(variable, folder.visit_expr(function))
    return relax.transform.DeadCodeElimination()(folder.builder_.get())


@mutator
class _Folder(PyExprMutator):
    def visit_call_(self, call: relax.Call) -> relax.Expr:
        made = super().visit_call_(call)
        evaluate = _OPERATORS.get(getattr(made.op, "name", ""))
        if evaluate is None or shape_of(call) is None:
            return made
        tensors = [arg for arg in made.args if not isinstance(arg, relax.ShapeExpr)]
        values = [constant_of(self.builder_, arg) for arg in tensors]
        if any(value is None or str(value.dtype) not in _TYPES for value in values):
            return made
        with np.errstate(all="ignore"):
            found = evaluate(call, *values)
        return relax.const(np.array(found, dtype_of(call), order="C"))
