"""What has no schedule is TVM's own code, right as ever, and told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from agreement import assert_agrees, values_of
from tvm import relax

nn = relax.op.nn


def _half(x: relax.Expr) -> relax.Expr:
    half = relax.op.astype(x, "float16")
    return relax.op.astype(relax.op.matmul(half, half), "float32")


def _weights(*shape: int) -> relax.Expr:
    return relax.const(values_of(shape, 5))


CASES: dict[str, tuple[Callable[[relax.Expr], relax.Expr], tuple[int, ...]]] = {
    "conv3d_relu: 1": (
        lambda x: nn.relu(nn.conv3d(x, _weights(8, 4, 3, 3, 3), padding=(1, 1, 1))),
        (1, 4, 5, 6, 7),
    ),
    "matmul (sizes or types without a kernel): 1": (_half, (8, 8)),
    "einsum: 1": (lambda x: relax.op.einsum((x, x), "ij,ij->i"), (4, 50)),
    "group_norm: 1": (
        lambda x: nn.group_norm(x, _weights(4), _weights(4), 2, 1, [2, 3]),
        (2, 4, 5, 5),
    ),
    "adaptive_avg_pool2d: 1": (lambda x: nn.adaptive_avg_pool2d(x, (3, 2)), (1, 4, 7, 7)),
}


@pytest.mark.parametrize("told", CASES)
def test_falls_back(told: str) -> None:
    build, shape = CASES[told]
    assert_agrees(build, shape, falls_back=[told])


def test_calls_of_one_function_are_counted() -> None:
    def build(x: relax.Expr, y: relax.Expr) -> relax.Expr:
        return relax.op.concat((relax.op.prod(x, [1]), relax.op.prod(y, [1])), 0)

    assert_agrees(build, (6, 3), (6, 3), falls_back=["prod: 2"])
