"""Operators put as others, for which there are kernels: done before layouts are chosen."""

from __future__ import annotations

from collections.abc import Callable

from tvm import relax
from tvm.ir import IRModule
from tvm.relax.expr_functor import PyExprMutator, mutator

from schedule.attention import as_products
from schedule.one_dimensional import as_two_dimensional
from schedule.transposed import as_convolution

# Each gives None where it does not know such a call.
Rewriting = Callable[[relax.BlockBuilder, relax.Call], relax.Expr | None]

_REWRITINGS: dict[str, Rewriting] = {
    "relax.nn.conv1d": as_two_dimensional,
    "relax.nn.conv1d_transpose": as_convolution,
    "relax.nn.conv2d_transpose": as_convolution,
    "relax.nn.attention": as_products,
    "relax.nn.attention_bias": as_products,
}


def rewrite(module: IRModule) -> IRModule:
    """The module with such operators as convolutions in two dimensions and matrix products."""
    rewriter = _Rewriter(module)
    for variable, function in module.functions_items():
        if isinstance(function, relax.Function):
            rewriter.builder_.update_func(variable, rewriter.visit_expr(function))
    return rewriter.builder_.get()


@mutator
class _Rewriter(PyExprMutator):
    def visit_call_(self, call: relax.Call) -> relax.Expr:
        made = super().visit_call_(call)
        rewriting = _REWRITINGS.get(getattr(made.op, "name", ""))
        found = rewriting(self.builder_, made) if rewriting else None
        return made if found is None else found
