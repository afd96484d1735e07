"""Schedules depthwise convolutions: strip by strip, padded while it is in the cache."""

from __future__ import annotations

from tvm.s_tir import Schedule
from tvm.s_tir.schedule import SBlockRV
from tvm.tirx import PrimFunc

from schedule.blocks import Unscheduled, annotation, blocks_of, extents, schedule_of, share
from schedule.cuts import (
    reduce_in_registers,
    split_channels,
    unroll_and_vectorize,
    unroll_window,
)
from schedule.depthwise import DEPTHWISE, Strip
from schedule.elementwise import fuse_after
from schedule.machine import Machine


def schedule_depthwise(function: PrimFunc, machine: Machine) -> PrimFunc:
    """Raises Unscheduled for a function without a depthwise convolution of ours."""
    sch = schedule_of(function)
    blocks = blocks_of(sch)
    found = [index for index, block in enumerate(blocks) if annotation(sch, block, DEPTHWISE)]
    if len(found) != 1:
        raise Unscheduled("it has no depthwise convolution of ours")
    place = found[0]
    end = fuse_after(sch, blocks[place + 1 :], machine)
    _tile(sch, blocks[:place], blocks[place], end, machine)
    return sch.mod["main"]


def _tile(
    sch: Schedule, before: list[SBlockRV], kernel: SBlockRV, end: SBlockRV, machine: Machine
) -> None:
    strip = Strip(*annotation(sch, kernel, DEPTHWISE))
    loops = sch.get_loops(end)
    work = extents(sch, loops)
    image, lines, columns, channels = loops
    group, line = sch.split(lines, [None, strip.lines])
    across, column = sch.split(columns, [None, strip.width])
    outer, inner = split_channels(sch, channels, strip.vectors, strip.lanes)
    sch.reorder(image, group, outer, line, across, column, *inner)
    sch.compute_at(kernel, across, preserve_unit_loops=True)
    for block in before:
        sch.compute_at(block, outer, preserve_unit_loops=True)
    outside = share(sch, [image, group, outer], machine, work)
    for block in before:
        unroll_and_vectorize(sch, [], sch.get_loops(block)[-1], strip.lanes)
    sums = reduce_in_registers(sch, kernel, outside + 2, strip.lanes)
    unroll_window(sch, sums)
    unroll_and_vectorize(sch, [column, *inner[:-1]], inner[-1], strip.lanes)
