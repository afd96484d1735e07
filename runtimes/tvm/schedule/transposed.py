"""Transposed convolutions as plain ones, without multiplying zeros.

y[t] = sum over i of x[i] w[t - i s], before padding is cut off. With t = q s + r, only the weights
w[m s + r] meet x[q - m]: each of the s phases r is a convolution of its own, of ceil(k / s)
weights. All phases are computed at once, as more output channels, and put between each other
afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tvm import relax

from schedule.shapes import constant_of, floats, integers, shape_of

_LAYOUTS = {("NCHW", "IOHW"), ("NCW", "IOW"), ("NHWC", "IOHW")}


@dataclass(frozen=True)
class Axis:
    """An axis of a transposed convolution: what the plain one takes, and what is cut out of it."""

    taps: int
    stride: int
    left: int
    right: int
    skipped: int
    size: int


def axis_of(inputs: int, taps: int, stride: int, before: int, after: int, more: int) -> Axis:
    """`before`, `after`: its padding; `more`: its output_padding."""
    each = -(-taps // stride)
    size = (inputs - 1) * stride + taps - before - after + more
    first = min(before // stride, each - 1)
    last = (before + size - 1) // stride
    left = each - 1 - first
    right = max(0, last - first + each - inputs - left)
    return Axis(each, stride, left, right, before - first * stride, size)


def phases_of(weights: np.ndarray, groups: int, axes: tuple[Axis, Axis]) -> np.ndarray:
    """Weights of the plain convolution, with a group's phases side by side.

    [inputs, outputs / groups, kh, kw] to [groups, phases, outputs / groups] as one axis, then
    [inputs / groups, taps, taps].
    """
    inputs, outputs, high, wide = weights.shape
    down, right = axes
    padded = np.pad(
        weights,
        [
            (0, 0),
            (0, 0),
            (0, down.taps * down.stride - high),
            (0, right.taps * right.stride - wide),
        ],
    )
    apart = padded.reshape(
        *(groups, inputs // groups, outputs),
        *(down.taps, down.stride, right.taps, right.stride),
    )
    # group, phase, phase, output, input, tap, tap; taps the other way round.
    made = apart.transpose(0, 4, 6, 2, 1, 3, 5)[..., ::-1, ::-1]
    return np.ascontiguousarray(made.reshape(-1, inputs // groups, down.taps, right.taps))


def as_convolution(builder: relax.BlockBuilder, call: relax.Call) -> relax.Expr | None:
    """conv1d_transpose and conv2d_transpose with constant weights; None for what it cannot take."""
    x, attrs = call.args[0], call.attrs
    last = attrs.data_layout == "NHWC"
    weights = constant_of(builder, call.args[1])
    if weights is None or not floats(*call.args):
        return None
    if (attrs.data_layout, attrs.kernel_layout) not in _LAYOUTS:
        return None
    flat = weights.ndim == 3
    if last:
        x = builder.emit(relax.op.permute_dims(x, [0, 3, 1, 2]))
    sizes, strides, dilation, padding, more = (
        _both(integers(each), neutral, flat)
        for each, neutral in (
            (shape_of(x)[2:], 1),
            (attrs.strides, 1),
            (attrs.dilation, 1),
            (attrs.padding, 0),
            (attrs.output_padding, 0),
        )
    )
    kernel = _dilated(weights[:, :, None] if flat else weights, dilation)
    axes = tuple(
        axis_of(sizes[i], kernel.shape[2 + i], strides[i], padding[i], padding[2 + i], more[i])
        for i in range(2)
    )
    image = builder.emit(relax.op.expand_dims(x, 2)) if flat else x
    made = builder.emit(_unfolded(builder, image, kernel, int(attrs.groups), axes))
    if last:
        return relax.op.permute_dims(made, [0, 2, 3, 1])
    return relax.op.squeeze(made, [2]) if flat else made


def _both(values: tuple[int, ...], neutral: int, flat: bool) -> tuple[int, ...]:
    """Attributes of one axis as those of two."""
    if not flat:
        return values
    return (neutral, values[0]) if len(values) == 1 else (neutral, values[0], neutral, values[1])


def _dilated(weights: np.ndarray, dilation: tuple[int, ...]) -> np.ndarray:
    inputs, outputs, high, wide = weights.shape
    down, right = dilation
    made = np.zeros((inputs, outputs, (high - 1) * down + 1, (wide - 1) * right + 1), weights.dtype)
    made[:, :, ::down, ::right] = weights
    return made


def _unfolded(
    builder: relax.BlockBuilder,
    x: relax.Expr,
    weights: np.ndarray,
    groups: int,
    axes: tuple[Axis, Axis],
) -> relax.Expr:
    down, right = axes
    made = builder.emit(
        relax.op.nn.conv2d(
            x,
            relax.const(phases_of(weights, groups, axes)),
            padding=(down.left, right.left, down.right, right.right),
            groups=groups,
        )
    )
    images, _, high, wide = shape_of(made)
    outputs = weights.shape[1]
    apart = (images, groups, down.stride, right.stride, outputs, high, wide)
    split = builder.emit(relax.op.reshape(made, apart))
    mixed = builder.emit(relax.op.permute_dims(split, [0, 1, 4, 5, 2, 6, 3]))
    whole = (images, groups * outputs, high * down.stride, wide * right.stride)
    image = builder.emit(relax.op.reshape(mixed, whole))
    begin = [down.skipped, right.skipped]
    end = [down.skipped + down.size, right.skipped + right.size]
    return relax.op.strided_slice(image, [2, 3], begin, end)
