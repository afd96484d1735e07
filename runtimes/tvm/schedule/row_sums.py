"""Sums, maxima and minima of rows.

A row is reduced to `_PARTIAL` vectors of partial results first, since a single one would wait for
itself; these, and what is left of the row, are put together in a second step.
"""

from __future__ import annotations

from collections.abc import Callable

from tvm import te, tirx
from tvm.ir import Expr

from schedule.machine import Machine

# Annotation of blocks that make partial results.
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
