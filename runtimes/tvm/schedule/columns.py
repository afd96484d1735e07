"""Pools and reductions that keep the last axis: its values side by side in vectors."""

from __future__ import annotations

from tvm.s_tir import Schedule
from tvm.s_tir.schedule import SBlockRV
from tvm.tirx import IterVar, PrimFunc

from schedule.blocks import (
    Unscheduled,
    blocks_of,
    extent,
    extents,
    is_reduction,
    outputs_of,
    same_size,
    schedule_of,
    share,
)
from schedule.cuts import reduce_in_registers, unroll_and_vectorize, unroll_window
from schedule.elementwise import fuse_after, one_pass, vectorize
from schedule.machine import Machine

# Vectors that are reduced at once.
_MOST_VECTORS = 4


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
    if not same_size(sch, after[:1], outputs_of(sch, reduction)):
        end = sch.cache_write(reduction, 0, "global")
        one_pass(sch, after, machine)
    else:
        end = fuse_after(sch, after, machine)
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
    count = sum(each.iter_type == IterVar.CommReduce for each in sch.get(reduction).iter_vars)
    work *= extents(sch, sch.get_loops(reduction)[-count:])
    outside = share(sch, [*lead, outer], machine, work)
    unroll_window(sch, reduce_in_registers(sch, reduction, outside, machine.lanes))
    unroll_and_vectorize(sch, [], inner, machine.lanes)
