"""Depthwise convolutions: each channel by itself, so that there is little to do for each load.

The output is rounded up to whole tiles; what lies beyond it is computed of zeros, and left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tvm import relax, te
from tvm.ir import Expr

from schedule.convolution_call import FUSES, Convolution
from schedule.kernels import padded
from schedule.machine import Machine
from schedule.shapes import round_up

DEPTHWISE = "ayci.depthwise"
_FLOAT = 4
_CACHE_LINE = 64
# Bytes of padded input that stay in the second cache.
_CACHED = 96 * 1024


@dataclass(frozen=True)
class Strip:
    """`lines` of an image are padded at a time, and computed by `width` pixels x `vectors`."""

    lines: int
    width: int
    vectors: int
    lanes: int


def strip_of(given: Convolution, channels: int, machine: Machine) -> Strip:
    """Accumulators fill half of the registers; channels whole cache lines where they divide."""
    high, wide = given.outputs
    most = machine.registers // 2
    fitting = [
        vectors for vectors in range(1, most // 2 + 1) if channels % (vectors * machine.lanes) == 0
    ]
    lines = [v for v in fitting if v * machine.lanes * _FLOAT % _CACHE_LINE == 0]
    vectors = min(lines) if lines else max(fitting)
    widths = range(1, min(most // vectors, wide) + 1)
    width = min(widths, key=lambda each: (round_up(wide, each) * (each + 1) / each, -each))
    _, _, w, _ = given.sizes
    line = (w + given.padding[1] + given.padding[3]) * vectors * machine.lanes * _FLOAT
    fits = max(1, _CACHED // line // given.window.strides[0])
    groups = -(-high // fits)
    return Strip(-(-high // groups), width, vectors, machine.lanes)


def depthwise_call(builder: relax.BlockBuilder, given: Convolution, machine: Machine) -> relax.Expr:
    """A call of the kernel, its weights packed to [kh, kw, channels]."""
    outputs = given.weights.shape[0]
    channels = round_up(outputs, machine.lanes)
    strip = strip_of(given, channels, machine)
    packed = np.pad(
        given.weights[..., 0].transpose(1, 2, 0), [(0, 0), (0, 0), (0, channels - outputs)]
    )

    def kernel(x: te.Tensor, weights: te.Tensor) -> te.Tensor:
        return depthwise_convolution(x, weights, given, strip)

    return builder.call_te(
        kernel,
        given.x,
        relax.const(np.ascontiguousarray(packed)),
        primfunc_name_hint="tiled_depthwise",
        primfunc_attrs=FUSES,
    )


def depthwise_convolution(
    x: te.Tensor, weights: te.Tensor, given: Convolution, strip: Strip
) -> te.Tensor:
    """[n, h, w, c] by [kh, kw, C] to [n, oh, ow, c]; C is c rounded up to whole vectors."""
    window, channels = given.window, int(weights.shape[2])
    (down, right), (apart, beside) = window.strides, window.dilation
    images, _, _, outputs = given.sizes
    high, wide = (
        round_up(size, step)
        for size, step in zip(given.outputs, (strip.lines, strip.width), strict=True)
    )
    image = padded(x, _padding(given, high, wide), channels)
    rh, rw = (
        te.reduce_axis((0, size), name)
        for size, name in zip(window.size, ("rh", "rw"), strict=True)
    )

    def term(b: Expr, i: Expr, j: Expr, z: Expr) -> Expr:
        value = image[b, i * down + rh * apart, j * right + rw * beside, z]
        return te.sum(value * weights[rh, rw, z], axis=[rh, rw])

    total = te.compute(
        (images, high, wide, channels),
        term,
        name="kernel",
        attrs={DEPTHWISE: [strip.lines, strip.width, strip.vectors, strip.lanes]},
    )
    return te.compute((images, *given.outputs, outputs), lambda *at: total[at], name="unfolded")


def _padding(given: Convolution, high: int, wide: int) -> tuple[int, ...]:
    """Padding for that many output pixels."""
    top, left, bottom, right = given.padding
    more = (
        (rounded - size) * stride
        for rounded, size, stride in zip(
            (high, wide), given.outputs, given.window.strides, strict=True
        )
    )
    below, beside = more
    return top, left, bottom + below, right + beside
