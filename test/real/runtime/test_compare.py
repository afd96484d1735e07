"""Agreement of outputs."""

from __future__ import annotations

import numpy as np
import pytest
from ayci_runtime.compare import agreement, differ, elements_differ
from ayci_runtime.tensors import Tensor

NAN, INF = float("nan"), float("inf")


def outputs(*values, dtype="float32"):
    return [Tensor("y", dtype, np.array(values, dtype=object if dtype == "string" else dtype))]


@pytest.mark.parametrize("turned", [1, -1])
def test_the_worst_output_counts_by_its_own_scale(turned):
    """A wrong score does not hide behind coordinates."""
    before = (outputs(1, 2) + outputs(100, -400))[::turned]
    after = (outputs(1.5, 2) + outputs(100, -397))[::turned]
    assert agreement(before, after, True) == {
        "maxAbsoluteDifference": 0.5,
        "maxAbsoluteReference": 2,
        "varies": True,
        "problem": None,
    }


def test_what_rounding_leaves_is_no_difference():
    """A small output's scale is not below 1e-3 of the largest number, not counting integers."""
    found = agreement(outputs(640) + outputs(1e-6), outputs(640) + outputs(2e-6), True)
    assert found["maxAbsoluteReference"] == 0.64
    codes = outputs(30_000, dtype="int64")
    found = agreement(codes + outputs(0.5), codes + outputs(0.6), True)
    assert found["maxAbsoluteReference"] == 0.5


def test_zeros_that_became_something_differ():
    found = agreement(outputs(0, 0), outputs(0, 0.25), True)
    assert (found["maxAbsoluteDifference"], found["maxAbsoluteReference"]) == (0.25, 0)
    assert differ(outputs(0, 0), outputs(0, 1e-9))
    assert not differ(outputs(0, 0), outputs(0, 0))


@pytest.mark.parametrize("same", [(NAN, 1), (INF, 1), (-INF, NAN)])
def test_what_is_not_finite_in_the_same_place_is_equal(same):
    found = agreement(outputs(*same), outputs(*same), True)
    assert found["maxAbsoluteDifference"] == 0 and found["problem"] is None
    assert found["maxAbsoluteReference"] in (0, 1)


@pytest.mark.parametrize(("one", "other"), [(NAN, 1), (1, NAN), (INF, -INF), (1, INF)])
def test_what_is_not_finite_elsewhere_is_a_problem(one, other):
    found = agreement(outputs(one), outputs(other), True)
    assert found["maxAbsoluteDifference"] is None and "NaN or infinite" in found["problem"]


def test_a_difference_beyond_float64_is_a_problem():
    found = agreement(outputs(1.7e308, dtype="float64"), outputs(-1.7e308, dtype="float64"), True)
    assert found["maxAbsoluteDifference"] is None and found["problem"]


@pytest.mark.parametrize(("dtype", "far"), [("uint8", 255), ("uint64", 2**63), ("bool", 1)])
def test_unsigned_differences_do_not_wrap(dtype, far):
    found = agreement(outputs(far, dtype=dtype), outputs(0, dtype=dtype), True)
    assert found["maxAbsoluteDifference"] == far


def test_other_counts_and_shapes_are_a_problem():
    assert "other outputs" in agreement(outputs(1), outputs(1, 2), True)["problem"]
    assert "other outputs" in agreement(outputs(1), outputs(1) * 2, True)["problem"]


def test_texts_are_equal_or_not():
    same = agreement(outputs("a", dtype="string"), outputs("a", dtype="string"), True)
    assert same["maxAbsoluteDifference"] == 0
    other = agreement(outputs("a", dtype="string"), outputs("b", dtype="string"), True)
    assert other["maxAbsoluteDifference"] is None and "texts differ" in other["problem"]


def test_differing_is_relative_to_the_largest():
    assert not differ(outputs(1000, 1), outputs(1000, 1.0005))
    assert differ(outputs(1000, 1), outputs(1000, 1.01))


def test_elements_differ_within_an_output_only():
    assert elements_differ(outputs(1, 2))
    assert not elements_differ(outputs(1, 1) + outputs(2, 2))
    assert not elements_differ(outputs(3))
    assert elements_differ(outputs("a", "b", dtype="string"))
    assert not elements_differ([Tensor("y", "float32", np.zeros((0, 4), np.float32))])
