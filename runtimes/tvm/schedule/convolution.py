"""conv2d in NHWC with constant weights: which kernel, and its weights packed for it."""

from __future__ import annotations

import numpy as np
from tvm import relax, te

from schedule.convolution_call import FUSES, Convolution
from schedule.depthwise import depthwise_call
from schedule.fallback import Fallbacks
from schedule.kernels import Window, dense_convolution, padded
from schedule.machine import Machine
from schedule.shapes import constant_of, floats, integers, round_up
from schedule.tile import Tile, register_tile

LAYOUTS = ("NHWC", "OHWI")


def legalize_convolution(
    builder: relax.BlockBuilder, call: relax.Call, machine: Machine, fallbacks: Fallbacks
) -> relax.Expr:
    """A call of our kernel, or `call` itself, told, where there is none."""
    x, attrs = call.args[0], call.attrs
    weights = constant_of(builder, call.args[1])
    if weights is None:
        return fallbacks.keep(call, "weights that are computed")
    if not floats(x) or weights.dtype != np.float32:
        return fallbacks.keep(call, "sizes or types without a kernel")
    if (attrs.data_layout, attrs.kernel_layout) != LAYOUTS:
        return fallbacks.keep(call, f"layout {attrs.data_layout}")
    padding = integers(attrs.padding)
    window = Window(weights.shape[1:3], integers(attrs.strides), integers(attrs.dilation))
    given = Convolution(x, weights, window, padding, int(attrs.groups))
    depthwise = given.groups == given.sizes[3] == weights.shape[0] and given.groups > 1
    return (depthwise_call if depthwise else _dense)(builder, given, machine)


def _dense(builder: relax.BlockBuilder, given: Convolution, machine: Machine) -> relax.Expr:
    groups, weights = merged_groups(given.weights, given.groups, machine.lanes)
    outputs = weights.shape[0]
    tile = register_tile(given.pixels, outputs, machine, outputs // groups if groups > 1 else None)
    group = (outputs // groups, weights.shape[3])

    def kernel(x: te.Tensor, packed: te.Tensor) -> te.Tensor:
        wide = padded(x, given.padding, given.sizes[3])
        return dense_convolution(wide, packed, given.window, group, tile, outputs)

    return builder.call_te(
        kernel,
        given.x,
        relax.const(packed_weights(weights, tile)),
        primfunc_name_hint="tiled_conv2d",
        primfunc_attrs=FUSES,
    )


def merged_groups(weights: np.ndarray, groups: int, lanes: int) -> tuple[int, np.ndarray]:
    """Fewer, wider groups, with zeros between what was apart, until a group fills whole vectors.

    weights: [outputs, kh, kw, inputs of a group], also those returned.
    """
    outputs, high, wide, inputs = weights.shape
    each = outputs // groups
    fitting = (m for m in range(1, groups + 1) if groups % m == 0 and m * each % lanes == 0)
    merged = next(fitting, groups)
    if merged == 1:
        return groups, weights
    made = np.zeros((groups // merged, merged, each, high, wide, merged, inputs), weights.dtype)
    apart = weights.reshape(groups // merged, merged, each, high, wide, inputs)
    for index in range(merged):
        made[:, index, :, :, :, index] = apart[:, index]
    return groups // merged, made.reshape(outputs, high, wide, merged * inputs)


def packed_weights(weights: np.ndarray, tile: Tile) -> np.ndarray:
    """[outputs, ..., inputs] to [outputs / tile, ..., inputs, tile], zeros for what is beyond."""
    outputs = round_up(weights.shape[0], tile.channels)
    wide = np.pad(weights, [(0, outputs - weights.shape[0]), *[(0, 0)] * (weights.ndim - 1)])
    blocks = wide.reshape(outputs // tile.channels, tile.channels, *weights.shape[1:])
    return np.ascontiguousarray(np.moveaxis(blocks, 1, -1))
