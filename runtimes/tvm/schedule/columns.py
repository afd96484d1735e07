"""Pools and reductions that keep the last axis: its values side by side in vectors."""

from __future__ import annotations

from tvm.s_tir import Schedule
from tvm.s_tir.schedule import LoopRV, SBlockRV
from tvm.tirx import IterVar, PrimFunc

from schedule.blocks import (
    Unscheduled,
    blocks_of,
    extent,
    extents,
    is_reduction,
    schedule_of,
    share,
)
from schedule.elementwise import vectorize
from schedule.machine import Machine

# Vectors that are reduced at once, and windows that are unrolled.
_MOST_VECTORS = 4
_MOST_UNROLLED = 16


def schedule_columns(function: PrimFunc, machine: Machine) -> PrimFunc:
    """Raises Unscheduled for a function that has not just one reduction, or over the last axis."""
    sch = schedule_of(function)
    blocks = blocks_of(sch)
    reductions = [index for index, block in enumerate(blocks) if is_reduction(sch, block)]
    if len(reductions) != 1:
        raise Unscheduled("it has not one reduction")
    place = reductions[0]
    before, reduction, after = blocks[:place], blocks[place], blocks[place + 1 :]
    if not _keeps_last(sch, reduction):
        raise Unscheduled("it reduces the last axis")
    for block in before:
        if sch.get(block).name_hint.startswith("pad"):
            vectorize(sch, block, machine)
        else:
            sch.compute_inline(block)
    for block in after[:-1]:
        sch.compute_inline(block)
    end = after[-1] if after else sch.cache_write(reduction, 0, "global")
    _tile(sch, reduction, end, machine)
    return sch.mod["main"]


def _keeps_last(sch: Schedule, block: SBlockRV) -> bool:
    """Whether the last index of what is read is the last of what is written."""
    found = sch.get(block)
    written, read = found.writes[0].region, found.reads[-1].region
    return len(written) > 0 and written[-1].min.same_as(read[-1].min)


def _tile(sch: Schedule, reduction: SBlockRV, end: SBlockRV, machine: Machine) -> None:
    *lead, last = loops = sch.get_loops(end)
    work = extents(sch, loops)
    size = extent(sch, last)
    widths = [v * machine.lanes for v in range(_MOST_VECTORS, 0, -1)]
    width = next((each for each in widths if size % each == 0), size)
    outer, inner = sch.split(last, [None, width])
    sch.compute_at(reduction, outer, preserve_unit_loops=True)
    kinds = [each.iter_type for each in sch.get(reduction).iter_vars]
    count = kinds.count(IterVar.CommReduce)
    summed = sch.get_loops(reduction)[-count:]
    outside = share(sch, [*lead, outer], machine, work * extents(sch, summed))
    found = sch.get_loops(reduction)[outside:]
    spatial, sums = found[: len(found) - count], found[len(found) - count :]
    sch.reorder(*sums, *spatial)
    _vector(sch, spatial[-1], machine)
    start = sch.decompose_reduction(reduction, sums[0])
    first = sch.get_loops(start)[-1]
    if extent(sch, first) == width:
        _vector(sch, first, machine)
    if extents(sch, sums) <= _MOST_UNROLLED:
        for loop in sums:
            sch.unroll(loop)
    _vector(sch, inner, machine)


def _vector(sch: Schedule, loop: LoopRV, machine: Machine) -> None:
    """Whole vectors, unrolled; what does not divide is left to LLVM."""
    size = extent(sch, loop)
    if size % machine.lanes:
        return
    if size > machine.lanes:
        vector, loop = sch.split(loop, [None, machine.lanes])
        sch.unroll(vector)
    sch.vectorize(loop)
