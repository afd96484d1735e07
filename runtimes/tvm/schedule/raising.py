"""Importers write some operators as loops already (ONNX's Clip): back to operators.

ConvertLayout knows operators alone, and would put a transpose before and after each such loop.
"""

from __future__ import annotations

from tvm import relax, tirx
from tvm.ir import Expr, IRModule
from tvm.relax.expr_functor import PyExprMutator, mutator
from tvm.tirx import FloatImm, PrimFunc, stmt_functor

_BOUNDS = {tirx.Max: relax.op.maximum, tirx.Min: relax.op.minimum}


def raise_bounds(module: IRModule) -> IRModule:
    """The module with calls of loops that take a maximum or minimum as these operators."""
    raiser = _Raiser(module)
    for variable, function in module.functions_items():
        if isinstance(function, relax.Function):
            raiser.builder_.update_func(variable, raiser.visit_expr(function))
    return relax.transform.DeadCodeElimination()(raiser.builder_.get())


@mutator
class _Raiser(PyExprMutator):
    def __init__(self, module: IRModule) -> None:
        super().__init__(module)
        self._module = module

    def visit_call_(self, call: relax.Call) -> relax.Expr:
        made = super().visit_call_(call)
        if getattr(made.op, "name", "") != "relax.call_tir":
            return made
        arguments = list(made.args[1].fields)
        value = _one_value(self._module[made.args[0]])
        bound = _BOUNDS.get(type(value))
        if bound is None or not isinstance(value.a, tirx.BufferLoad):
            return made
        if isinstance(value.b, tirx.BufferLoad) and len(arguments) == 2:
            return bound(*arguments)
        if isinstance(value.b, FloatImm) and len(arguments) == 1:
            return bound(arguments[0], relax.const(float(value.b.value), value.b.ty.dtype))
        return made


def _one_value(function: PrimFunc) -> Expr | None:
    """What a function stores where that is one value an element, by loads of its own place."""
    stores: list[tirx.BufferStore] = []

    def collect(node: object) -> None:
        if isinstance(node, tirx.BufferStore):
            stores.append(node)

    stmt_functor.post_order_visit(function.body, collect)
    if len(stores) != 1:
        return None
    (store,) = stores
    value = store.value
    loads = [each for each in (getattr(value, "a", None), getattr(value, "b", None)) if isinstance(each, tirx.BufferLoad)]
    names = [str(index) for index in store.indices]
    own = all([str(index) for index in load.indices] in (names, []) for load in loads)
    return value if own else None
