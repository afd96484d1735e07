"""How far two sets of outputs lie apart: the protocol's Agreement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .tensors import Tensor, numbers

# Relative to the largest magnitude: what changes less than float32 rounds does not change.
VARIES = 1e-6


def largest(tensors: Sequence[Tensor]) -> float:
    """The largest finite magnitude in all outputs; 0 where there is none. Strings have none."""
    found = 0.0
    for tensor in tensors:
        if tensor.dtype == "string":
            continue
        values = np.abs(numbers(tensor))
        found = max(found, float(np.max(values, initial=0.0, where=np.isfinite(values))))
    return found


def _shapes(tensors: Sequence[Tensor]) -> str:
    return ", ".join(f"{each.dtype}{list(each.array.shape)}" for each in tensors)[:200]


def difference(
    reference: Sequence[Tensor], other: Sequence[Tensor]
) -> tuple[float | None, str | None]:
    """The largest absolute difference over all elements, or None and why there is no such number.

    Outputs are paired by position (names may change between two models). NaN equals NaN and an
    infinity itself, in the same place; strings have no distance, only equality.
    """
    if [each.array.shape for each in reference] != [each.array.shape for each in other]:
        return None, f"other outputs: {_shapes(reference)} became {_shapes(other)}"
    apart = 0.0
    for before, after in zip(reference, other, strict=True):
        if "string" in (before.dtype, after.dtype):
            if before.dtype != after.dtype or not np.array_equal(before.array, after.array):
                return None, f"output {before.name!r}: texts differ"
            continue
        a, b = numbers(before), numbers(after)
        equal = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(all="ignore"):
            apart_here = np.abs(np.where(equal, 0.0, b - a))
        if not np.all(np.isfinite(apart_here)):
            return None, f"output {before.name!r}: NaN or infinite where the other is not"
        apart = max(apart, float(np.max(apart_here, initial=0.0)))
    return apart, None


def differ(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """Whether outputs differ by more than 1e-6 of the largest magnitude of `one`."""
    apart, _ = difference(one, other)
    return apart is None or apart > VARIES * largest(one)


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
    apart, problem = difference(reference, other)
    return {
        "maxAbsoluteDifference": apart,
        "maxAbsoluteReference": largest(reference),
        "varies": varies,
        "problem": problem,
    }


def no_agreement(problem: str) -> dict[str, object]:
    """An Agreement that could not be had."""
    return {
        "maxAbsoluteDifference": None,
        "maxAbsoluteReference": 0.0,
        "varies": False,
        "problem": problem,
    }
