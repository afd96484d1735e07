"""The sums that the register tile is made for: convolutions and matrix products.

Each is written over `rows` (all pixels, of all images, one after another; or rows of a matrix) and
`channels`, both rounded up to whole tiles: rows beyond the last repeat it, and the second stage
leaves them out. Weights lie as the loops read them: [channels / tile, ..., tile].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from tvm import te, tirx
from tvm.ir import Expr

from schedule.places import ravel, unravel
from schedule.shapes import round_up
from schedule.tile import Tile

# Annotations of blocks, by which schedules know them: a kernel by its tile, a pass before it.
TILE = "ayci.tile"
STAGE = "ayci.stage"


@dataclass(frozen=True)
class Window:
    """What a convolution reads: kernel size, strides and dilation, each (height, width)."""

    size: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int]

    def outputs(self, height: int, width: int) -> tuple[int, int]:
        """Output size of a padded input."""
        sizes = zip((height, width), self.size, self.strides, self.dilation, strict=True)
        high, wide = ((size - (k - 1) * d - 1) // s + 1 for size, k, s, d in sizes)
        return high, wide


def padded(x: te.Tensor, padding: Sequence[int], channels: int) -> te.Tensor:
    """x [n, h, w, c] with zeros around: padding (top, left, bottom, right), up to `channels`."""
    n, h, w, c = (int(size) for size in x.shape)
    top, left, bottom, right = padding
    if not any(padding) and c == channels:
        return x
    shape = (n, h + top + bottom, w + left + right, channels)

    def value(b: Expr, i: Expr, j: Expr, k: Expr) -> Expr:
        inside = [k < c] if channels > c else []
        inside += [i >= top, i < h + top] if top or bottom else []
        inside += [j >= left, j < w + left] if left or right else []
        zero = tirx.const(0, x.dtype)
        return tirx.if_then_else(tirx.all(*inside), x[b, i - top, j - left, k], zero)

    return te.compute(shape, value, name="padded", attrs={STAGE: 1})


def dense_convolution(
    x: te.Tensor,
    weights: te.Tensor,
    window: Window,
    group: tuple[int, int],
    tile: Tile,
    outputs: int,
) -> te.Tensor:
    """[n, h, w, c] by [O / tile, kh, kw, I, tile] to [n, oh, ow, outputs].

    x is padded already. `group`: how many output and input channels a group has.
    """
    sums = [
        te.reduce_axis((0, int(size)), name)
        for size, name in zip(weights.shape[1:4], ("rh", "rw", "rc"), strict=True)
    ]
    pixels = _Pixels(x, window, tile)
    of_group, in_group = group

    def term(p: Expr, z: Expr) -> Expr:
        rh, rw, rc = sums
        first = z // of_group * in_group if x.shape[3] != in_group else 0
        value = x[(*pixels.at(p, rh, rw), first + rc)]
        return te.sum(value * weights[z // tile.channels, rh, rw, rc, z % tile.channels], axis=sums)

    total = te.compute(
        (pixels.rounded, int(weights.shape[0]) * tile.channels),
        term,
        name="kernel",
        attrs=_annotation(tile),
    )
    return pixels.unfolded(total, outputs)


def product(x: te.Tensor, weights: te.Tensor, tile: Tile, columns: int) -> te.Tensor:
    """[..., m, k] by [columns / tile, k, tile] to [..., m, columns]."""
    *lead, inner = (int(size) for size in x.shape)
    rows = prod(lead)
    rk = te.reduce_axis((0, inner), "rk")

    def term(p: Expr, z: Expr) -> Expr:
        places = unravel(_clamped(p, rows, tile), lead)
        return te.sum(
            x[(*places, rk)] * weights[z // tile.channels, rk, z % tile.channels], axis=rk
        )

    shape = (round_up(rows, tile.rows), int(weights.shape[0]) * tile.channels)
    total = te.compute(shape, term, name="kernel", attrs=_annotation(tile))
    return te.compute(
        (*lead, columns), lambda *at: total[ravel(at[:-1], lead), at[-1]], name="unfolded"
    )


def batched_product(x: te.Tensor, y: te.Tensor, tile: Tile) -> te.Tensor:
    """[..., m, k] by [..., k, columns], leading sizes broadcast.

    y is packed first, each matrix to [columns / tile, k, tile].
    """
    *x_lead, rows, inner = (int(size) for size in x.shape)
    *y_lead, _, columns = (int(size) for size in y.shape)
    lead = np.broadcast_shapes(x_lead, y_lead)
    wide = round_up(columns, tile.channels)
    rk = te.reduce_axis((0, inner), "rk")

    def pack(b: Expr, block: Expr, k: Expr, lane: Expr) -> Expr:
        z = block * tile.channels + lane
        z = z if wide == columns else tirx.min(z, columns - 1)
        return y[(*unravel(b, y_lead), k, z)]

    packed = te.compute(
        (prod(y_lead), wide // tile.channels, inner, tile.channels),
        pack,
        name="packed",
        attrs={STAGE: 1},
    )

    def term(b: Expr, p: Expr, z: Expr) -> Expr:
        places = unravel(b, lead)
        value = x[(*_own(places, x_lead), _clamped(p, rows, tile), rk)]
        which = ravel(_own(places, y_lead), y_lead)
        return te.sum(value * packed[which, z // tile.channels, rk, z % tile.channels], axis=rk)

    total = te.compute(
        (prod(lead), round_up(rows, tile.rows), wide), term, name="kernel", attrs=_annotation(tile)
    )

    def value(*at: Expr) -> Expr:
        return total[ravel(at[:-2], lead), at[-2], at[-1]]

    return te.compute((*lead, rows, columns), value, name="unfolded")


def _own(places: Sequence[Expr], shape: Sequence[int]) -> list[Expr]:
    """The places in a tensor of which axes are broadcast."""
    found = places[len(places) - len(shape) :]
    return [0 if size == 1 else place for place, size in zip(found, shape, strict=True)]


class _Pixels:
    """The output pixels of a convolution, numbered through, and where each reads its input."""

    def __init__(self, x: te.Tensor, window: Window, tile: Tile) -> None:
        images, height, width, _ = (int(size) for size in x.shape)
        self.shape = (images, *window.outputs(height, width))
        self.window, self.tile = window, tile
        self.rounded = round_up(prod(self.shape), tile.rows)

    def at(self, p: Expr, rh: Expr, rw: Expr) -> tuple[Expr, Expr, Expr]:
        b, i, j = unravel(_clamped(p, prod(self.shape), self.tile), self.shape)
        (down, right), (apart, beside) = self.window.strides, self.window.dilation
        return b, i * down + rh * apart, j * right + rw * beside

    def unfolded(self, total: te.Tensor, outputs: int) -> te.Tensor:
        def value(*at: Expr) -> Expr:
            return total[ravel(at[:-1], self.shape), at[-1]]

        return te.compute((*self.shape, outputs), value, name="unfolded")


def _annotation(tile: Tile) -> dict[str, list[int]]:
    return {TILE: [tile.rows, tile.vectors, tile.lanes]}


def _clamped(p: Expr, rows: int, tile: Tile) -> Expr:
    return p if rows % tile.rows == 0 else tirx.min(p, rows - 1)
