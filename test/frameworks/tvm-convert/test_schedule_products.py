"""Matrix products and what encoders are made of, against TVM's own code."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import assert_agrees, values_of
from tvm import relax

nn = relax.op.nn

# rows before, inner size, columns
CONSTANT = [((1,), 16, 10), ((7,), 33, 9), ((2, 5), 24, 48), ((3, 4, 6), 8, 100), ((50,), 1, 17)]


@pytest.mark.parametrize("given", CONSTANT, ids=str)
def test_by_a_constant_matrix(given: tuple) -> None:
    lead, inner, columns = given
    weights = relax.const(values_of((inner, columns), 5))
    bias = relax.const(values_of((columns,), 6))
    assert_agrees(lambda x: relax.op.add(relax.op.matmul(x, weights), bias), (*lead, inner))


VALUES = [
    ((2, 3, 7, 16), (2, 3, 16, 9)),
    ((4, 12, 8), (4, 8, 32)),
    ((5, 6), (6, 7)),
    ((2, 5, 6), (6, 24)),
    ((2, 1, 5, 6), (3, 6, 8)),
    ((9, 4), (2, 3, 4, 16)),
    ((1, 64, 40), (1, 40, 64)),
]


@pytest.mark.parametrize("given", VALUES, ids=str)
def test_of_two_values(given: tuple) -> None:
    assert_agrees(lambda x, y: nn.relu(relax.op.matmul(x, y)), *given)


def test_large_on_two_cores() -> None:
    assert_agrees(relax.op.matmul, (4, 70, 64), (4, 64, 130), cores=2)


SIZES = [2, 8, 31, 64, 197, 768]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name: str, size: int) -> None:
    assert_agrees(lambda x: getattr(nn, name)(x, -1), (2, 9, size))


@pytest.mark.parametrize("size", [31, 128])
def test_softmax_on_two_cores(size: int) -> None:
    assert_agrees(lambda x: nn.softmax(x, -1), (4, 500, size), cores=2)


def test_softmax_of_what_is_masked() -> None:
    mask = np.where(np.arange(20) < 13, 0.0, -np.inf).astype("float32")
    assert_agrees(lambda x: nn.softmax(relax.op.add(x, relax.const(mask))), (5, 20))


@pytest.mark.parametrize("axis", [0, 1])
def test_softmax_of_other_axes_falls_back(axis: int) -> None:
    told = ["softmax (sizes, types or axis without a kernel): 1"]
    assert_agrees(lambda x: nn.softmax(x, axis), (4, 6, 8), falls_back=told)


@pytest.mark.parametrize("size", SIZES)
def test_layer_norm(size: int) -> None:
    scale, shift = (relax.const(values_of((size,), seed)) for seed in (5, 6))
    assert_agrees(lambda x: nn.layer_norm(x, scale, shift, [-1]), (2, 9, size))


@pytest.mark.parametrize("name", ["exp", "erf", "tanh", "sigmoid", "silu", "gelu", "gelu_tanh"])
def test_curves(name: str) -> None:
    operator = getattr(nn if name in ("silu", "gelu", "gelu_tanh") else relax.op, name)
    assert_agrees(lambda x: operator(relax.op.multiply(x, relax.const(4.0))), (3, 5, 37))


@pytest.mark.parametrize("causal", [None, "TopLeft", "BottomRight"])
def test_attention(causal: str | None) -> None:
    shapes = [(2, 10, 3, 8), (2, 10, 3, 8), (2, 10, 3, 16)]
    # TVM's own takes exp of scores that are masked as zeros.
    assert_agrees(lambda q, k, v: nn.attention(q, k, v, causal_mask=causal), *shapes)


def test_attention_with_bias() -> None:
    shapes = [(2, 10, 3, 8), (2, 12, 3, 8), (2, 12, 3, 8), (2, 3, 10, 12)]
    assert_agrees(lambda q, k, v, bias: nn.attention(q, k, v, bias, scale=0.3), *shapes)
