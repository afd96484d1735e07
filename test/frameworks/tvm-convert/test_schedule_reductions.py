"""Pools, reductions and elementwise functions against TVM's own code."""

from __future__ import annotations

import pytest
from agreement import assert_agrees, values_of
from tvm import relax

nn = relax.op.nn


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
@pytest.mark.parametrize("axes", [[-1], [1, 2], [2, 3], [0, 1, 2, 3], [1], [0, 2]], ids=str)
@pytest.mark.parametrize("keep", [False, True])
def test_reductions(name: str, axes: list[int], keep: bool) -> None:
    operator = getattr(relax.op, name)
    assert_agrees(lambda x: operator(x, axes, keep), (2, 5, 7, 40))


# In channels last, as convolutions leave them: input, window, strides, padding
POOLS = [
    ((1, 15, 15, 16), (3, 3), (2, 2), (1, 1, 1, 1)),
    ((2, 14, 14, 40), (2, 2), (2, 2), (0, 0, 0, 0)),
    ((1, 9, 11, 5), (3, 3), (1, 1), (1, 1, 1, 1)),
    ((1, 8, 8, 3), (8, 8), (1, 1), (0, 0, 0, 0)),
    ((4, 64, 64, 8), (5, 5), (1, 2), (2, 1, 0, 2)),
]


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("given", POOLS, ids=str)
@pytest.mark.parametrize("cores", [1, 2])
def test_pools(name: str, given: tuple, cores: int) -> None:
    shape, window, strides, padding = given
    pool = getattr(nn, name)
    assert_agrees(lambda x: pool(x, window, strides, padding, layout="NHWC"), shape, cores=cores)


def test_pool_between_convolutions() -> None:
    weights = [relax.const(values_of(shape, 5)) for shape in ((16, 3, 3, 3), (10, 16, 3, 3))]

    def build(x: relax.Expr) -> relax.Expr:
        first = nn.max_pool2d(nn.relu(nn.conv2d(x, weights[0])), (3, 3), (2, 2), (1, 1))
        return nn.adaptive_avg_pool2d(nn.conv2d(first, weights[1]), (1, 1))

    assert_agrees(build, (2, 3, 20, 20))


@pytest.mark.parametrize("shape", [(3, 8), (5, 7), (2, 3, 16), (41,), (1,), (100, 100, 3)], ids=str)
@pytest.mark.parametrize("cores", [1, 2])
def test_elementwise(shape: tuple, cores: int) -> None:
    assert_agrees(lambda x, y: nn.relu(relax.op.add(x, y)), shape, shape, cores=cores)


def test_concatenated_and_transposed() -> None:
    def build(x: relax.Expr, y: relax.Expr) -> relax.Expr:
        return relax.op.permute_dims(relax.op.concat([x, y], axis=1), [0, 2, 1])

    assert_agrees(build, (2, 3, 24), (2, 5, 24))
