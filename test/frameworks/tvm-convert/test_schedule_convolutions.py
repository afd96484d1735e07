"""Convolutions of many sizes against TVM's own code."""

from __future__ import annotations

import numpy as np
import pytest
import schedule
import tvm
from agreement import TOLERANCE, X86, Build, assert_agrees, module_of, run, values_of
from tvm import relax

nn = relax.op.nn

# input, outputs, kernel, strides, padding, dilation, groups
PLAIN = [
    ((1, 3, 15, 15), 16, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    ((2, 16, 14, 14), 32, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 1),
    ((1, 8, 7, 7), 24, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ((3, 5, 9, 11), 7, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    ((1, 1, 13, 17), 1, (3, 5), (1, 2), (1, 2, 1, 2), (1, 1), 1),
    ((1, 16, 10, 10), 20, (3, 3), (1, 1), (0, 1, 2, 3), (1, 1), 1),
    ((1, 12, 16, 16), 16, (3, 3), (1, 1), (2, 2, 2, 2), (2, 2), 1),
    ((1, 12, 17, 19), 9, (3, 2), (2, 3), (2, 1, 0, 1), (2, 3), 1),
    ((1, 3, 23, 23), 64, (7, 7), (2, 2), (3, 3, 3, 3), (1, 1), 1),
    ((2, 64, 1, 1), 100, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ((1, 8, 5, 5), 8, (5, 5), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ((1, 130, 6, 6), 33, (1, 1), (2, 2), (0, 0, 0, 0), (1, 1), 1),
]
GROUPED = [
    ((1, 16, 9, 9), 16, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 16),
    ((2, 32, 14, 14), 32, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 32),
    ((1, 5, 9, 9), 5, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 5),
    ((1, 24, 11, 13), 24, (5, 5), (1, 1), (2, 2, 2, 2), (1, 1), 24),
    ((1, 8, 13, 13), 8, (3, 3), (1, 2), (2, 2, 2, 2), (2, 2), 8),
    ((1, 16, 9, 9), 32, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 2),
    ((1, 16, 9, 9), 16, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 4),
    ((1, 32, 7, 7), 32, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 8),
    ((1, 9, 8, 8), 6, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 3),
    ((2, 8, 8, 8), 16, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 8),
    ((1, 6, 8, 8), 18, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 6),
]


def convolution(given: tuple):
    shape, outputs, kernel, strides, padding, dilation, groups = given
    weights = relax.const(values_of((outputs, shape[1] // groups, *kernel), 5))

    def build(x: relax.Expr) -> relax.Expr:
        return nn.conv2d(x, weights, strides, padding, dilation, groups)

    return build


@pytest.mark.parametrize("given", PLAIN + GROUPED, ids=str)
def test_two_dimensions(given: tuple) -> None:
    assert_agrees(convolution(given), given[0])


@pytest.mark.parametrize("given", [PLAIN[1], PLAIN[3], GROUPED[1], GROUPED[5]], ids=str)
def test_two_cores(given: tuple) -> None:
    shape = (4, given[0][1], 64, 64)
    assert_agrees(convolution((shape, *given[1:])), shape, cores=2)


@pytest.mark.parametrize("given", [PLAIN[0], PLAIN[3], GROUPED[2], GROUPED[6]], ids=str)
def test_what_follows_is_fused(given: tuple) -> None:
    bias = relax.const(values_of((1, given[1], 1, 1), 6))
    convolve = convolution(given)

    def build(x: relax.Expr) -> relax.Expr:
        made = relax.op.add(convolve(x), bias)
        return relax.op.minimum(nn.relu(made), relax.const(6.0, "float32"))

    assert_agrees(build, given[0])


def test_clip_is_fused() -> None:
    convolve = convolution(PLAIN[4])
    shape = PLAIN[4][0]
    assert_agrees(lambda x: relax.op.clip(convolve(x), -0.5, 6), shape)
    module = module_of(lambda x: relax.op.clip(convolve(x), -0.5, 6), [shape])
    made, _ = schedule.optimize(module, tvm.target.Target(X86))
    names = [variable.name_hint for variable in made.get_global_vars()]
    assert "fused_tiled_conv2d_maximum_minimum" in names


def test_residual_of_two_convolutions() -> None:
    first, second = convolution(PLAIN[2]), convolution(PLAIN[2])
    assert_agrees(lambda x: nn.relu(relax.op.add(first(x), nn.relu(second(x)))), PLAIN[2][0])


# input, outputs, kernel, stride, padding, dilation, groups
LINES = [
    ((2, 8, 50), 16, 3, 1, (1, 1), 1, 1),
    ((1, 3, 31), 5, 5, 2, (2, 1), 1, 1),
    ((1, 16, 33), 16, 3, 1, (2, 2), 2, 16),
    ((1, 80, 64), 48, 3, 1, (1, 1), 1, 2),
]


@pytest.mark.parametrize("given", LINES, ids=str)
def test_one_dimension(given: tuple) -> None:
    shape, outputs, kernel, stride, padding, dilation, groups = given
    weights = relax.const(values_of((outputs, shape[1] // groups, kernel), 5))
    assert_agrees(lambda x: nn.conv1d(x, weights, stride, padding, dilation, groups), shape)


# input, outputs of a group, kernel, strides, padding, more, dilation, groups
TRANSPOSED = [
    ((1, 16, 7, 7), 8, (2, 2), (2, 2), (0, 0, 0, 0), (0, 0), (1, 1), 1),
    ((2, 8, 6, 5), 16, (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), (1, 1), 1),
    ((1, 5, 7, 9), 3, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), (1, 1), 1),
    ((1, 8, 7, 9), 8, (3, 5), (1, 3), (0, 2, 2, 1), (0, 2), (1, 1), 1),
    ((1, 8, 5, 5), 4, (3, 3), (2, 1), (1, 1, 1, 1), (0, 0), (2, 2), 1),
    ((1, 8, 5, 5), 8, (1, 1), (2, 2), (0, 0, 0, 0), (1, 1), (1, 1), 1),
    ((1, 8, 9, 9), 8, (5, 5), (2, 2), (4, 4, 4, 4), (0, 0), (1, 1), 1),
]


@pytest.mark.parametrize("given", TRANSPOSED, ids=str)
def test_transposed(given: tuple) -> None:
    shape, outputs, kernel, strides, padding, more, dilation, groups = given
    weights = relax.const(values_of((shape[1], outputs, *kernel), 5))

    def build(x: relax.Expr) -> relax.Expr:
        return nn.conv2d_transpose(x, weights, strides, padding, more, dilation, groups)

    assert_agrees(build, shape)


@pytest.mark.parametrize(("stride", "padding", "more"), [(2, (1, 1), 0), (3, (0, 2), 1)])
def test_transposed_in_one_dimension(stride: int, padding: tuple, more: int) -> None:
    weights = relax.const(values_of((6, 10, 4), 5))
    assert_agrees(lambda x: nn.conv1d_transpose(x, weights, stride, padding, more), (2, 6, 13))


def test_transposed_with_channels_last() -> None:
    # TVM's own code has channels first alone.
    weights, shape = relax.const(values_of((6, 10, 3, 3), 5)), (2, 7, 5, 6)

    def last(x: relax.Expr) -> relax.Expr:
        return nn.conv2d_transpose(x, weights, (2, 2), (1, 1, 1, 1), data_layout="NHWC")

    def first(x: relax.Expr) -> relax.Expr:
        image = relax.op.permute_dims(x, [0, 3, 1, 2])
        made = nn.conv2d_transpose(image, weights, (2, 2), (1, 1, 1, 1))
        return relax.op.permute_dims(made, [0, 2, 3, 1])

    assert_same(last, first, shape)


def test_transposed_in_groups_is_each_group_by_itself() -> None:
    # TVM's own code has no groups here.
    weights = values_of((8, 6, 4, 4), 5)

    def grouped(x: relax.Expr) -> relax.Expr:
        return nn.conv2d_transpose(x, relax.const(weights), (2, 2), (1, 1, 1, 1), groups=2)

    def apart(x: relax.Expr) -> relax.Expr:
        halves = [relax.op.strided_slice(x, [1], [at], [at + 4]) for at in (0, 4)]
        return relax.op.concat(
            [
                nn.conv2d_transpose(half, relax.const(weights[at : at + 4]), (2, 2), (1, 1, 1, 1))
                for half, at in zip(halves, (0, 4), strict=True)
            ],
            axis=1,
        )

    assert_same(grouped, apart, (1, 8, 6, 5))


def assert_same(ours: Build, theirs: Build, shape: tuple) -> None:
    """Ours of one module is what TVM's own code makes of another."""
    inputs = [values_of(shape)]
    found, told = run(module_of(ours, [shape]), inputs)
    reference, _ = run(module_of(theirs, [shape]), inputs, ours=False)
    assert told == []
    assert found.shape == reference.shape
    assert np.abs(found - reference).max() <= TOLERANCE * np.abs(reference).max()


def test_weights_that_are_computed_fall_back() -> None:
    assert_agrees(
        lambda x, w: nn.conv2d(x, w, padding=(1, 1)),
        (1, 4, 6, 6),
        (8, 4, 3, 3),
        falls_back=["conv2d (weights that are computed): 1"],
    )
