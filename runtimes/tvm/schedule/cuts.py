"""Cuts of loops that several schedules make."""

from __future__ import annotations

from collections.abc import Sequence

from tvm.s_tir import Schedule
from tvm.s_tir.schedule import LoopRV, SBlockRV
from tvm.tirx import ForKind, IterVar

from schedule.blocks import extent, extents

# Windows of more values than this are loops, except for their last axis.
_MOST_UNROLLED = 25


def split_channels(
    sch: Schedule, channels: LoopRV, vectors: int, lanes: int
) -> tuple[LoopRV, list[LoopRV]]:
    """Cuts off `vectors` x `lanes`: the loop around, and those inside.

    Whole vectors come first, so that a tile that ends beyond the last channel asks once a vector.
    """
    if extent(sch, channels) % lanes:
        outer, lane = sch.split(channels, [None, vectors * lanes])
        return outer, [lane]
    whole, lane = sch.split(channels, [None, lanes])
    outer, vector = sch.split(whole, [None, vectors])
    return outer, [vector, lane]


def unroll_and_vectorize(
    sch: Schedule, unrolled: Sequence[LoopRV], channels: LoopRV, lanes: int
) -> None:
    """Unrolls, and cuts channels into vectors; what does not divide is left to LLVM."""
    for loop in unrolled:
        sch.unroll(loop)
    size = extent(sch, channels)
    if size % lanes:
        return
    if size > lanes:
        vector, channels = sch.split(channels, [None, lanes])
        sch.unroll(vector)
    sch.vectorize(channels)


def reduce_in_registers(sch: Schedule, block: SBlockRV, outside: int, lanes: int) -> list[LoopRV]:
    """Below its `outside` loops, a reduction's sums around what it makes, which is unrolled.

    Returns the loops of the sums, from which the start value is taken out.
    """
    loops = sch.get_loops(block)[outside:]
    count = sum(each.iter_type == IterVar.CommReduce for each in sch.get(block).iter_vars)
    spatial, sums = loops[: len(loops) - count], loops[len(loops) - count :]
    sch.reorder(*sums, *spatial)
    unroll_and_vectorize(sch, spatial[:-1], spatial[-1], lanes)
    start = sch.decompose_reduction(block, sums[0])
    *others, last = sch.get_loops(start)[outside:]
    # It may have been taken out with its vectors already cut.
    if sch.get(last).kind != ForKind.VECTORIZED:
        unroll_and_vectorize(sch, others, last, lanes)
    return sums


def unroll_window(sch: Schedule, sums: Sequence[LoopRV]) -> None:
    """The window of a pool or a depthwise convolution, or a line of it where it is large."""
    small = extents(sch, sums) <= _MOST_UNROLLED
    for loop in sums if small else sums[-1:]:
        if extent(sch, loop) <= _MOST_UNROLLED:
            sch.unroll(loop)
