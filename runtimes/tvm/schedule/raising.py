"""Bounds as maximum and minimum: what importers write as loops (ONNX's Clip), and clip.

ConvertLayout does not know these, and would put a transpose before and after each.
"""

from __future__ import annotations

from tvm import relax, tirx
from tvm.ir import Expr, IRModule, prim
from tvm.ir.expr import TensorLoad
from tvm.ir.prim import FloatImm
from tvm.relax.expr_functor import PyExprMutator, mutator
from tvm.s_tir import SBlock, SBlockRealize
from tvm.tirx import IntImm, PrimFunc

from schedule.shapes import dtype_of

_BOUNDS = {prim.Max: relax.op.maximum, prim.Min: relax.op.minimum}


def raise_bounds(module: IRModule) -> IRModule:
    """The module with clips, and loops that take a maximum or minimum, as these operators."""
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
        name = getattr(made.op, "name", "")
        if name == "relax.clip":
            return self._clipped(made)
        return self._raised(made) if name == "relax.call_tir" else made

    def _clipped(self, made: relax.Call) -> relax.Expr:
        x, low, high = made.args
        if not all(isinstance(each, FloatImm | IntImm) for each in (low, high)):
            return made
        least, most = (relax.const(float(each.value), dtype_of(x)) for each in (low, high))
        return relax.op.minimum(self.builder_.emit(relax.op.maximum(x, least)), most)

    def _raised(self, made: relax.Call) -> relax.Expr:
        arguments = list(made.args[1].fields)
        value = _one_value(self._module[made.args[0]])
        bound = _BOUNDS.get(type(value))
        if bound is None or not isinstance(value.a, TensorLoad):
            return made
        if isinstance(value.b, TensorLoad) and len(arguments) == 2:
            return bound(*arguments)
        if isinstance(value.b, FloatImm) and len(arguments) == 1:
            return bound(arguments[0], relax.const(float(value.b.value), value.b.ty.dtype))
        return made


def _one_value(function: PrimFunc) -> Expr | None:
    """What a function stores where that is one value an element, by loads of its own place."""
    store = function.body
    while isinstance(store, SBlockRealize | SBlock | tirx.For):
        store = store.block if isinstance(store, SBlockRealize) else store.body
    if not isinstance(store, tirx.BufferStore):
        return None
    value = store.value
    loads = [
        each
        for each in (getattr(value, "a", None), getattr(value, "b", None))
        if isinstance(each, TensorLoad)
    ]
    names = [str(index) for index in store.indices]
    own = all([str(index) for index in load.indices] in (names, []) for load in loads)
    return value if own else None
