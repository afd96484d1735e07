"""Makes lookups safe: by default TVM reads whatever lies beyond a table."""

from __future__ import annotations

from tvm import relax
from tvm.ir import IRModule, Op

_TAKE = "relax.take"


@relax.expr_functor.mutator
class _Safe(relax.PyExprMutator):
    def visit_call_(self, call: relax.Call) -> relax.Expr:
        call = self.visit_expr_post_order(call)
        if call.op != Op.get(_TAKE) or call.attrs.mode != "fast":
            return call
        data, indices = call.args
        # What makes no sense shall be seen; integers have nothing to show it by.
        mode = "nan" if str(data.ty.dtype).startswith("float") else "clip"
        axis = call.attrs.axis
        return relax.op.take(data, indices, None if axis is None else int(axis), mode=mode)


def with_safe_lookups(module: IRModule) -> IRModule:
    """The module with each lookup (ONNX's Gather, embeddings) of an index beyond its table NaN.

    Of integers it is the table's nearest entry.
    """
    safe = _Safe(module)
    for name, function in module.functions.items():
        if isinstance(function, relax.Function):
            safe.builder_.update_func(name, safe.visit_expr(function))
    return safe.builder_.get()
