"""Pools, reductions and elementwise functions against TVM's own code."""

from __future__ import annotations

import pytest
from agreement import assert_agrees, values_of
from tvm import relax

nn = relax.op.nn


AXES = [[-1], [1, 2], [2, 3], [0, 1, 2, 3], [0, 2]]


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "variance", "std"])
@pytest.mark.parametrize("axes", AXES, ids=str)
def test_reductions(name: str, axes: list[int]) -> None:
    assert_agrees(lambda x: getattr(relax.op, name)(x, axes, False), (2, 5, 7, 40))


@pytest.mark.parametrize("axes", AXES, ids=str)
@pytest.mark.parametrize("shape", [(2, 5, 7, 40), (3, 4, 3, 5)], ids=str)
def test_what_follows_a_reduction_may_be_larger(axes: list[int], shape: tuple) -> None:
    def build(x: relax.Expr) -> relax.Expr:
        mean = relax.op.mean(x, axes, True)
        return relax.op.divide(relax.op.subtract(x, mean), relax.op.std(x, axes, True))

    assert_agrees(build, shape)


@pytest.mark.parametrize("name", ["max", "min"])
def test_of_integers(name: str) -> None:
    def build(x: relax.Expr) -> relax.Expr:
        whole = relax.op.astype(relax.op.multiply(x, relax.const(9.0)), "int8")
        return relax.op.astype(getattr(relax.op, name)(whole, [-1]), "float32")

    assert_agrees(build, (6, 50))


@pytest.mark.parametrize("axes", AXES, ids=str)
def test_large_on_two_cores(axes: list[int]) -> None:
    assert_agrees(lambda x: relax.op.mean(x, axes, True), (4, 30, 20, 40), cores=2)


# In channels last, as convolutions leave them: input, window, strides, padding
POOLS = [
    ((1, 15, 15, 16), (3, 3), (2, 2), (1, 1, 1, 1)),
    ((2, 14, 14, 40), (2, 2), (2, 2), (0, 0, 0, 0)),
    ((1, 9, 11, 5), (3, 3), (1, 1), (1, 1, 1, 1)),
    ((1, 8, 8, 3), (8, 8), (1, 1), (0, 0, 0, 0)),
    ((4, 64, 64, 8), (5, 5), (1, 2), (2, 1, 0, 2)),
    ((1, 12, 12, 8), (6, 6), (2, 2), (0, 0, 0, 0)),
]


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("given", POOLS, ids=str)
def test_pools(name: str, given: tuple) -> None:
    shape, window, strides, padding = given
    pool = getattr(nn, name)
    # The large ones are shared by two cores.
    assert_agrees(lambda x: pool(x, window, strides, padding, layout="NHWC"), shape, cores=2)


def test_pool_between_convolutions() -> None:
    weights = [relax.const(values_of(shape, 5)) for shape in ((16, 3, 3, 3), (10, 16, 3, 3))]

    def build(x: relax.Expr) -> relax.Expr:
        first = nn.max_pool2d(nn.relu(nn.conv2d(x, weights[0])), (3, 3), (2, 2), (1, 1))
        return nn.adaptive_avg_pool2d(nn.conv2d(first, weights[1]), (1, 1))

    assert_agrees(build, (2, 3, 20, 20))


@pytest.mark.parametrize("shape", [(3, 8), (5, 7), (2, 3, 16), (41,), (1,), (200, 100, 3)], ids=str)
def test_elementwise(shape: tuple) -> None:
    assert_agrees(lambda x, y: nn.relu(relax.op.add(x, y)), shape, shape, cores=2)


def test_a_kernel_before_what_is_larger() -> None:
    weights = [relax.const(values_of(shape, 5)) for shape in ((16, 16, 1, 1), (16, 1, 3, 3))]

    def build(x: relax.Expr) -> relax.Expr:
        pooled = relax.op.mean(x, [2, 3], True)
        scale = relax.op.sigmoid(nn.conv2d(pooled, weights[0]))
        made = relax.op.multiply(x, scale)
        low = nn.conv2d(pooled, weights[1], padding=(1, 1), groups=16)
        return relax.op.add(made, nn.relu(low))

    assert_agrees(build, (2, 16, 9, 9))


def test_concatenated_and_transposed() -> None:
    def build(x: relax.Expr, y: relax.Expr) -> relax.Expr:
        return relax.op.permute_dims(relax.op.concat([x, y], axis=1), [0, 2, 1])

    assert_agrees(build, (2, 3, 24), (2, 5, 24))
