"""matmul: by a constant matrix, packed ahead, or of two values, the second packed as it comes."""

from __future__ import annotations

import numpy as np
from tvm import relax, te

from schedule.convolution import packed_weights
from schedule.convolution_call import FUSES
from schedule.fallback import Fallbacks
from schedule.kernels import batched_product, product
from schedule.machine import Machine
from schedule.shapes import constant_of, floats, shape_of
from schedule.tile import register_tile


def legalize_matmul(
    builder: relax.BlockBuilder, call: relax.Call, machine: Machine, fallbacks: Fallbacks
) -> relax.Expr:
    """A call of our kernel, or `call` itself, told, where there is none."""
    x, y = call.args
    if not floats(x, y) or len(shape_of(x)) < 2 or len(shape_of(y)) < 2:
        return fallbacks.keep(call, "sizes or types without a kernel")
    weights = constant_of(builder, y)
    if weights is not None and weights.ndim == 2:
        return _by_constant(builder, x, weights, machine)
    if len(shape_of(x)) == len(shape_of(y)) == 2:
        one = [builder.emit(relax.op.expand_dims(each, 0)) for each in (x, y)]
        return relax.op.squeeze(builder.emit(_of_values(builder, *one, machine)), [0])
    return _of_values(builder, x, y, machine)


def _by_constant(
    builder: relax.BlockBuilder, x: relax.Expr, weights: np.ndarray, machine: Machine
) -> relax.Expr:
    columns = weights.shape[1]
    tile = register_tile(int(np.prod(shape_of(x)[:-1])), columns, machine)

    def kernel(x: te.Tensor, packed: te.Tensor) -> te.Tensor:
        return product(x, packed, tile, columns)

    packed = relax.const(packed_weights(np.ascontiguousarray(weights.T), tile))
    return builder.call_te(
        kernel, x, packed, primfunc_name_hint="tiled_matmul", primfunc_attrs=FUSES
    )


def _of_values(
    builder: relax.BlockBuilder, x: relax.Expr, y: relax.Expr, machine: Machine
) -> relax.Expr:
    rows, columns = shape_of(x)[-2], shape_of(y)[-1]
    tile = register_tile(rows, columns, machine)

    def kernel(x: te.Tensor, y: te.Tensor) -> te.Tensor:
        return batched_product(x, y, tile)

    return builder.call_te(
        kernel, x, y, primfunc_name_hint="tiled_batched_matmul", primfunc_attrs=FUSES
    )
