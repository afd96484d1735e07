"""Places in arrays, and their numbers in row-major order."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from tvm.ir import Expr


def unravel(p: Expr, shape: Sequence[int]) -> list[Expr]:
    """The place in an array of `shape` whose number is p, in row-major order."""
    places = []
    for index, size in enumerate(shape):
        below = prod(shape[index + 1 :])
        place = p // below if below > 1 else p
        places.append(place % size if index else place)
    return places


def ravel(places: Sequence[Expr], shape: Sequence[int]) -> Expr:
    """The number, in row-major order, of a place in an array of `shape`."""
    flat: Expr | int = 0
    for place, size in zip(places, shape, strict=True):
        flat = flat * size + place
    return flat
