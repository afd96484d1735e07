"""Which reductions go to the kernels that take a row at a time."""

from __future__ import annotations

from collections.abc import Sequence

from tvm import relax, te

from schedule.convolution_call import FUSES
from schedule.fallback import Fallbacks
from schedule.machine import Machine
from schedule.row_kernels import layer_norm, log_softmax, reduced_rows, softmax
from schedule.shapes import dtype_of, floats, integers, shape_of

_INTEGERS = ("int8", "uint8", "int32", "int64")


def legalize_softmax(
    builder: relax.BlockBuilder, call: relax.Call, machine: Machine, fallbacks: Fallbacks
) -> relax.Expr:
    """softmax or log_softmax along the last axis, else `call` itself, told."""
    x, axis = call.args[0], int(call.attrs.axis)
    if not floats(x) or axis not in (-1, len(shape_of(x)) - 1):
        return fallbacks.keep(call, "sizes, types or axis without a kernel")
    kernel = log_softmax if call.op.name.endswith("log_softmax") else softmax
    return builder.call_te(
        lambda x: kernel(x, machine), x, primfunc_name_hint="tiled_softmax", primfunc_attrs=FUSES
    )


def legalize_layer_norm(
    builder: relax.BlockBuilder, call: relax.Call, machine: Machine, fallbacks: Fallbacks
) -> relax.Expr:
    """Along the last axis, else `call` itself, told."""
    x, scale, shift = call.args
    if not floats(x, scale, shift) or _last(call.attrs.axes, len(shape_of(x))) != 1:
        return fallbacks.keep(call, "sizes, types or axes without a kernel")
    epsilon = float(call.attrs.epsilon)

    def kernel(x: te.Tensor, scale: te.Tensor, shift: te.Tensor) -> te.Tensor:
        return layer_norm(x, scale, shift, epsilon, machine)

    return builder.call_te(
        kernel, x, scale, shift, primfunc_name_hint="tiled_layer_norm", primfunc_attrs=FUSES
    )


def legalize_reduction(
    builder: relax.BlockBuilder, call: relax.Call, machine: Machine, fallbacks: Fallbacks
) -> relax.Expr:
    """sum, mean, max, min, variance or std.

    Over the last axes it is our kernel, over others TVM's function and our schedule.
    """
    x, kind = call.args[0], call.op.name.rsplit(".", 1)[-1]
    whole = kind in ("max", "min") and dtype_of(x) in _INTEGERS and shape_of(x) is not None
    if not floats(x) and not whole:
        return fallbacks.keep(call, "sizes or types without a kernel")
    axes = _last(call.attrs.axis, len(shape_of(x)))
    if not axes:
        return _spread(builder, call) if kind in ("variance", "std") else call
    keep = bool(call.attrs.keepdims)
    return builder.call_te(
        lambda x: reduced_rows(x, axes, keep, kind, machine),
        x,
        primfunc_name_hint=f"tiled_{kind}",
        primfunc_attrs=FUSES,
    )


def _spread(builder: relax.BlockBuilder, call: relax.Call) -> relax.Expr:
    """variance or std by means, which there are schedules for whatever the axes."""
    x, axes, keep = call.args[0], call.attrs.axis, bool(call.attrs.keepdims)
    mean = builder.emit(relax.op.mean(x, axes, True))
    apart = builder.emit(relax.op.subtract(x, mean))
    squares = builder.emit(relax.op.multiply(apart, apart))
    variance = relax.op.mean(squares, axes, keep)
    if call.op.name.endswith("variance"):
        return variance
    return relax.op.sqrt(builder.emit(variance))


def _last(axes: Sequence[int] | None, rank: int) -> int:
    """How many axes are reduced where these are the last ones, else 0. None: all of them."""
    found = set(range(rank)) if axes is None else {axis % rank for axis in integers(axes)}
    return len(found) if found == set(range(rank - len(found), rank)) else 0
