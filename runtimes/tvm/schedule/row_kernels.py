"""Softmax, normalization and reductions over the last axes: each row by itself."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from tvm import te, tirx, topi
from tvm.ir import Expr

from schedule.machine import Machine
from schedule.places import ravel, unravel
from schedule.row_sums import highest, lowest, summed

# Annotation of the block after which only elementwise ones come.
ROWS = "ayci.rows"


class _Rows:
    """A tensor whose last `axes` are a row."""

    def __init__(self, x: te.Tensor, axes: int) -> None:
        shape = [int(each) for each in x.shape]
        self.x, self.shape = x, shape
        self.lead, self.inner = shape[: len(shape) - axes], shape[len(shape) - axes :]
        self.count, self.size = prod(self.lead), prod(self.inner)

    def at(self, r: Expr, k: Expr) -> Expr:
        """The value in row r at k."""
        return self.x[(*unravel(r, self.lead), *unravel(k, self.inner))]

    def row(self, places: tuple[Expr, ...]) -> Expr:
        """The row's number of a place in the whole tensor."""
        return ravel(places[: len(self.lead)], self.lead)

    def each(self, value: Callable[[Expr], Expr], name: str) -> te.Tensor:
        """[rows]: value(r)."""
        return te.compute((self.count,), value, name=name)

    def mean(self, machine: Machine) -> te.Tensor:
        """[rows]."""
        total = summed(self.count, self.size, self.at, machine, "total")
        return self.each(lambda r: total[r] / float(self.size), "mean")

    def variance(self, mean: te.Tensor, machine: Machine) -> te.Tensor:
        """[rows]: of all values of a row, by the mean's way, which is exact for large means too."""

        def square(r: Expr, k: Expr) -> Expr:
            return (self.at(r, k) - mean[r]) * (self.at(r, k) - mean[r])

        squares = summed(self.count, self.size, square, machine, "squares")
        return self.each(lambda r: squares[r] / float(self.size), "variance")

    def reduced(self, found: te.Tensor, keep: bool) -> te.Tensor:
        """found [rows] in the leading axes, those of a row with size 1 where `keep`."""
        shape = (*self.lead, *([1] * len(self.inner) if keep else []))
        return te.compute(shape, lambda *at: found[self.row(at)], name="reduced", attrs={ROWS: 1})


def softmax(x: te.Tensor, machine: Machine) -> te.Tensor:
    """exp(x - max) over its sum, along the last axis."""
    rows = _Rows(x, 1)
    powers, total = _powers(rows, highest(rows.count, rows.size, rows.at, machine, "peak"), machine)

    def value(*at: Expr) -> Expr:
        r = rows.row(at)
        return powers[r, at[-1]] / total[r]

    return te.compute(x.shape, value, name="softmax", attrs={ROWS: 1})


def log_softmax(x: te.Tensor, machine: Machine) -> te.Tensor:
    """x - max - log of the sum of exp(x - max), along the last axis."""
    rows = _Rows(x, 1)
    peak = highest(rows.count, rows.size, rows.at, machine, "peak")
    _, total = _powers(rows, peak, machine)
    offset = rows.each(lambda r: peak[r] + tirx.log(total[r]), "offset")
    return te.compute(
        x.shape, lambda *at: x[at] - offset[rows.row(at)], name="log_softmax", attrs={ROWS: 1}
    )


def _powers(rows: _Rows, peak: te.Tensor, machine: Machine) -> tuple[te.Tensor, te.Tensor]:
    """exp(x - max) [rows, size], and the sum of each row."""
    shape = (rows.count, rows.size)
    shifted = te.compute(shape, lambda r, k: rows.at(r, k) - peak[r], name="shifted")
    powers = topi.fast_exp(shifted)
    total = summed(rows.count, rows.size, lambda r, k: powers[r, k], machine, "total")
    return powers, total


def layer_norm(
    x: te.Tensor, scale: te.Tensor, shift: te.Tensor, epsilon: float, machine: Machine
) -> te.Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, along the last axis."""
    rows = _Rows(x, 1)
    mean = rows.mean(machine)
    variance = rows.variance(mean, machine)
    factor = rows.each(lambda r: 1.0 / tirx.sqrt(variance[r] + epsilon), "factor")

    def value(*at: Expr) -> Expr:
        r = rows.row(at)
        return (x[at] - mean[r]) * factor[r] * scale[at[-1]] + shift[at[-1]]

    return te.compute(x.shape, value, name="layer_norm", attrs={ROWS: 1})


def reduced_rows(x: te.Tensor, axes: int, keep: bool, kind: str, machine: Machine) -> te.Tensor:
    """`sum`, `mean`, `max`, `min`, `variance` or `std` over the last `axes` axes.

    These stay with size 1 where `keep`. `variance` and `std` are of all values, not of a sample.
    """
    rows = _Rows(x, axes)
    if kind in ("variance", "std"):
        variance = rows.variance(rows.mean(machine), machine)
        deviation = rows.each(lambda r: tirx.sqrt(variance[r]), "deviation")
        return rows.reduced(deviation if kind == "std" else variance, keep)
    if kind == "mean":
        return rows.reduced(rows.mean(machine), keep)
    reduce = {"sum": summed, "max": highest, "min": lowest}[kind]
    return rows.reduced(reduce(rows.count, rows.size, rows.at, machine, "total"), keep)
