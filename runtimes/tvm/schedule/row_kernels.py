"""Sums, maxima, softmax and layer normalization over the last axes: each row by itself.

A row is reduced to `_PARTIAL` vectors of partial results first, since a single one would wait for
itself; these, and what is left of the row, are put together in a second step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from tvm.ir import Expr

from schedule.kernels import ravel, unravel
from schedule.machine import Machine
from tvm import te, tirx, topi

ROWS = "ayci.rows"
PARTIAL = "ayci.partial"
_PARTIAL = 4

# A value of a row, by the row's number and the place in it.
Value = Callable[[Expr, Expr], Expr]


def summed(rows: int, size: int, value: Value, machine: Machine, name: str) -> te.Tensor:
    """[rows]: the sum of each."""
    return _reduced(rows, size, value, machine, name, te.sum)


def highest(rows: int, size: int, value: Value, machine: Machine, name: str) -> te.Tensor:
    """[rows]: the maximum of each."""
    return _reduced(rows, size, value, machine, name, te.max)


def lowest(rows: int, size: int, value: Value, machine: Machine, name: str) -> te.Tensor:
    """[rows]: the minimum of each."""
    return _reduced(rows, size, value, machine, name, te.min)


def _reduced(
    rows: int, size: int, value: Value, machine: Machine, name: str, combine: Callable
) -> te.Tensor:
    width = machine.lanes * _PARTIAL
    if size < 2 * width:
        width = machine.lanes
    steps, rest = divmod(size, width)
    if steps < 2:
        whole = te.reduce_axis((0, size), "rk")
        return te.compute((rows,), lambda r: combine(value(r, whole), axis=whole), name=name)
    step = te.reduce_axis((0, steps), "rs")
    partial = te.compute(
        (rows, width),
        lambda r, at: combine(value(r, step * width + at), axis=step),
        name=f"{name}_partial",
        attrs={PARTIAL: 1},
    )
    last = te.reduce_axis((0, width + rest), "rl")

    def both(r: Expr) -> Expr:
        if not rest:
            return combine(partial[r, last], axis=last)
        own = value(r, steps * width + tirx.max(last - width, 0))
        return combine(
            tirx.if_then_else(last < width, partial[r, tirx.min(last, width - 1)], own), axis=last
        )

    return te.compute((rows,), both, name=name)


def softmax(x: te.Tensor, machine: Machine) -> te.Tensor:
    """exp(x - max) over its sum, along the last axis."""
    *lead, size = (int(each) for each in x.shape)
    rows = prod(lead)
    peak = highest(rows, size, lambda r, k: x[(*unravel(r, lead), k)], machine, "peak")
    shifted = te.compute(
        (rows, size), lambda r, k: x[(*unravel(r, lead), k)] - peak[r], name="shifted"
    )
    powers = topi.fast_exp(shifted)
    total = summed(rows, size, lambda r, k: powers[r, k], machine, "total")

    def value(*at: Expr) -> Expr:
        r = ravel(at[:-1], lead)
        return powers[r, at[-1]] / total[r]

    return te.compute(x.shape, value, name="softmax", attrs={ROWS: 1})


def layer_norm(
    x: te.Tensor, scale: te.Tensor, shift: te.Tensor | None, epsilon: float, machine: Machine
) -> te.Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, along the last axis."""
    *lead, size = (int(each) for each in x.shape)
    rows = prod(lead)

    def own(r: Expr, k: Expr) -> Expr:
        return x[(*unravel(r, lead), k)]

    total = summed(rows, size, own, machine, "total")
    mean = te.compute((rows,), lambda r: total[r] / float(size), name="mean")

    def square(r: Expr, k: Expr) -> Expr:
        return (own(r, k) - mean[r]) * (own(r, k) - mean[r])

    squares = summed(rows, size, square, machine, "squares")
    factor = te.compute(
        (rows,), lambda r: 1.0 / tirx.sqrt(squares[r] / float(size) + epsilon), name="factor"
    )

    def value(*at: Expr) -> Expr:
        r, k = ravel(at[:-1], lead), at[-1]
        normal = (x[at] - mean[r]) * factor[r] * scale[k]
        return normal if shift is None else normal + shift[k]

    return te.compute(x.shape, value, name="layer_norm", attrs={ROWS: 1})


_KINDS = {"max": highest, "min": lowest}


def reduced_rows(x: te.Tensor, axes: int, keep: bool, kind: str, machine: Machine) -> te.Tensor:
    """`sum`, `mean`, `max` or `min` over the last `axes` axes, which stay with size 1 where `keep`."""
    shape = [int(each) for each in x.shape]
    lead, inner = shape[: len(shape) - axes], shape[len(shape) - axes :]
    rows, size = prod(lead), prod(inner)

    def own(r: Expr, k: Expr) -> Expr:
        return x[(*unravel(r, lead), *unravel(k, inner))]

    found = _KINDS.get(kind, summed)(rows, size, own, machine, "total")
    scale = size if kind == "mean" else 1

    def value(*at: Expr) -> Expr:
        total = found[ravel(at[: len(lead)], lead)]
        return total / float(scale) if scale > 1 else total

    made: Sequence[int] = (*lead, *([1] * axes if keep else []))
    return te.compute(made, value, name="reduced", attrs={ROWS: 1})
