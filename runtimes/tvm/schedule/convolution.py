"""conv2d in NHWC with constant weights: which kernel, and its weights packed for it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from schedule.fallback import Fallbacks
from schedule.kernels import Window, dense_convolution, depthwise_convolution, padded
from schedule.machine import Machine
from schedule.shapes import constant_of, floats, integers, round_up, shape_of
from schedule.tile import Tile, register_tile
from tvm import relax, te

# What fuses with a kernel: elementwise operators after it.
FUSES = {"op_pattern": 4}
LAYOUTS = ("NHWC", "OHWI")


@dataclass(frozen=True)
class Convolution:
    """x [n, h, w, c] by weights [outputs, kh, kw, c / groups]; padding: top, left, bottom, right."""

    x: relax.Expr
    weights: np.ndarray
    window: Window
    padding: tuple[int, ...]
    groups: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """n, h, w, c."""
        return shape_of(self.x)

    @property
    def pixels(self) -> int:
        n, h, w, _ = self.sizes
        top, left, bottom, right = self.padding
        return n * prod(self.window.outputs(h + top + bottom, w + left + right))


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
    return (_depthwise if depthwise else _dense)(builder, given, machine)


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


def _depthwise(builder: relax.BlockBuilder, given: Convolution, machine: Machine) -> relax.Expr:
    outputs = given.weights.shape[0]
    channels = round_up(outputs, machine.lanes)
    n, h, w, _ = given.sizes
    top, left, bottom, right = given.padding
    _, wide = given.window.outputs(h + top + bottom, w + left + right)
    tile = depthwise_tile(wide, channels, machine)
    packed = np.pad(
        given.weights[..., 0].transpose(1, 2, 0), [(0, 0), (0, 0), (0, channels - outputs)]
    )

    def kernel(x: te.Tensor, weights: te.Tensor) -> te.Tensor:
        wide = padded(x, given.padding, channels)
        return depthwise_convolution(wide, weights, given.window, tile, outputs)

    return builder.call_te(
        kernel,
        given.x,
        relax.const(np.ascontiguousarray(packed)),
        primfunc_name_hint="tiled_depthwise",
        primfunc_attrs=FUSES,
    )


def depthwise_tile(width: int, channels: int, machine: Machine) -> Tile:
    """Pixels of one line of the image where they divide it: neighbours share what they load."""
    most = machine.registers // 2
    fitting = [rows for rows in range(2, most + 1) if width % rows == 0]
    rows = max(fitting, default=min(4, most))
    vectors = max(
        v for v in (1, 2) if (channels % (v * machine.lanes) == 0 and v * rows <= most) or v == 1
    )
    return Tile(rows, vectors, machine.lanes)
