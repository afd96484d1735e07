"""How far two sets of outputs lie apart: the protocol's Agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .tensors import Tensor, numbers

# Relative to the largest magnitude: what changes less than float32 rounds does not change.
VARIES = 1e-6
# An output of less than this share of the others' magnitude may be what rounding left of them.
_SMALL = 1e-3


@dataclass(frozen=True)
class Distance:
    """The largest absolute difference in the output that lies furthest apart.

    `scale`: what it is relative to, the largest finite magnitude of that output in the reference.
    `problem`: why there is no such number; `apart` is None then.
    """

    apart: float | None
    scale: float
    problem: str | None = None

    def exceeds(self, share: float) -> bool:
        """Whether the difference is more than `share` of the scale, or has no number."""
        return self.apart is None or self.apart > share * self.scale


def _largest(tensor: Tensor) -> float:
    """The largest finite magnitude; 0 where there is none. Texts have none."""
    if tensor.dtype == "string":
        return 0.0
    values = np.abs(numbers(tensor))
    return float(np.max(values, initial=0.0, where=np.isfinite(values)))


def _shapes(tensors: Sequence[Tensor]) -> str:
    return ", ".join(f"{each.dtype}{list(each.array.shape)}" for each in tensors)[:200]


def distance(reference: Sequence[Tensor], other: Sequence[Tensor]) -> Distance:
    """How far `other` lies from `reference`: the worst of their outputs, each by its own scale.

    So that a wrong score does not hide behind a large coordinate. Outputs are paired by position
    (names may change between two models). NaN equals NaN and an infinity itself, in the same
    place; texts have no distance, only equality. The scale of a small output is not below 1e-3 of
    the largest number in all of them.
    """
    if [each.array.shape for each in reference] != [each.array.shape for each in other]:
        became = f"other outputs: {_shapes(reference)} became {_shapes(other)}"
        return Distance(None, 0.0, became)
    scales = [_largest(each) for each in reference]
    real = (scale for scale, each in zip(scales, reference, strict=True) if "float" in each.dtype)
    least = _SMALL * max(real, default=0.0)
    worst, share = Distance(0.0, max(scales, default=0.0)), 0.0
    for before, after, own in zip(reference, other, scales, strict=True):
        apart, problem = _apart(before, after)
        if apart is None:
            return Distance(None, own, f"output {before.name!r}: {problem}")
        scale = max(own, least)
        here = apart / scale if scale else math.inf if apart else 0.0
        if here > share:
            worst, share = Distance(apart, scale), here
    return worst


def _apart(before: Tensor, after: Tensor) -> tuple[float | None, str | None]:
    """The largest absolute difference of two tensors of one shape, or None and why."""
    if "string" in (before.dtype, after.dtype):
        same = before.dtype == after.dtype and np.array_equal(before.array, after.array)
        return (0.0, None) if same else (None, "texts differ")
    a, b = numbers(before), numbers(after)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        apart = np.abs(np.where(equal, 0.0, b - a))
    if not np.all(np.isfinite(apart)):
        return None, "NaN or infinite where the other is not"
    return float(np.max(apart, initial=0.0)), None


def differ(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """Whether an output differs by more than 1e-6 of its largest magnitude in `one`."""
    return distance(one, other).exceeds(VARIES)


def elements_differ(tensors: Sequence[Tensor]) -> bool:
    """Whether elements within an output differ by more than 1e-6 of its largest magnitude."""
    for tensor in tensors:
        if tensor.array.size < 2:
            continue
        first = np.broadcast_to(tensor.array.flat[0], tensor.array.shape)
        if differ([Tensor(tensor.name, tensor.dtype, first)], [tensor]):
            return True
    return False


def agreement(
    reference: Sequence[Tensor], other: Sequence[Tensor], varies: bool
) -> dict[str, object]:
    """The protocol's Agreement of `other` with `reference`."""
    found = distance(reference, other)
    return {
        "maxAbsoluteDifference": found.apart,
        "maxAbsoluteReference": found.scale,
        "varies": varies,
        "problem": found.problem,
    }


def no_agreement(problem: str) -> dict[str, object]:
    """An Agreement that could not be had."""
    return {
        "maxAbsoluteDifference": None,
        "maxAbsoluteReference": 0.0,
        "varies": False,
        "problem": problem,
    }
