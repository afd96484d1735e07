"""exp, erf, tanh and what is made of them, by polynomials, which go in vectors.

TVM's own call the C library for each value. These differ from it by some 1e-7 of the value.
"""

from __future__ import annotations

from math import pi, sqrt

from tvm import relax, te, topi
from tvm.ir import Expr

from schedule.fallback import Fallbacks
from schedule.machine import Machine
from schedule.shapes import dtype_of


def _each(x: te.Tensor, function: object) -> te.Tensor:
    return te.compute(x.shape, lambda *at: function(x[at]), name="curve")


def _sigmoid(x: te.Tensor) -> te.Tensor:
    powers = topi.fast_exp(topi.negative(x))
    return te.compute(x.shape, lambda *at: 1.0 / (1.0 + powers[at]), name="sigmoid")


def _silu(x: te.Tensor) -> te.Tensor:
    return topi.multiply(x, _sigmoid(x))


def _gelu(x: te.Tensor) -> te.Tensor:
    """x / 2 (1 + erf(x / sqrt 2))."""
    curve = topi.fast_erf(_each(x, lambda value: value * (1 / sqrt(2))))
    return te.compute(x.shape, lambda *at: x[at] * 0.5 * (1.0 + curve[at]), name="gelu")


def _gelu_tanh(x: te.Tensor) -> te.Tensor:
    """x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""

    def inner(value: Expr) -> Expr:
        return value * sqrt(2 / pi) * (1.0 + 0.044715 * value * value)

    curve = topi.fast_tanh(_each(x, inner))
    return te.compute(x.shape, lambda *at: x[at] * 0.5 * (1.0 + curve[at]), name="gelu_tanh")


CURVES = {
    "relax.exp": topi.fast_exp,
    "relax.erf": topi.fast_erf,
    "relax.tanh": topi.fast_tanh,
    "relax.sigmoid": _sigmoid,
    "relax.nn.silu": _silu,
    "relax.nn.gelu": _gelu,
    "relax.nn.gelu_tanh": _gelu_tanh,
}


def legalize_curve(
    builder: relax.BlockBuilder, call: relax.Call, machine: Machine, fallbacks: Fallbacks
) -> relax.Expr:
    """Of float32; other types are left to TVM."""
    if dtype_of(call.args[0]) != "float32":
        return fallbacks.keep(call, f"of {dtype_of(call.args[0])}")
    name = call.op.name.rsplit(".", 1)[-1]
    return builder.call_te(CURVES[call.op.name], call.args[0], primfunc_name_hint=name)
