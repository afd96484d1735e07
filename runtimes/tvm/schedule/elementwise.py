"""Functions without a sum: each value of the output by itself."""

from __future__ import annotations

from tvm.s_tir import Schedule
from tvm.s_tir.schedule import SBlockRV
from tvm.tirx import PrimFunc

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
from schedule.machine import Machine


def schedule_elementwise(function: PrimFunc, machine: Machine) -> PrimFunc:
    """One pass, in vectors. Raises Unscheduled for other kinds of functions."""
    sch = schedule_of(function)
    blocks = blocks_of(sch)
    if any(is_reduction(sch, block) for block in blocks):
        raise Unscheduled("it has sums")
    one_pass(sch, blocks, machine)
    return sch.mod["main"]


def fuse_after(sch: Schedule, after: list[SBlockRV], machine: Machine) -> SBlockRV:
    """Of the blocks after a reduction, all that write as much as the first become one.

    Returns it, for the reduction to be computed in; the rest is a pass of its own.
    """
    count = same_size(sch, after, outputs_of(sch, after[0]))
    for block in after[: count - 1]:
        sch.compute_inline(block)
    one_pass(sch, after[count:], machine)
    return after[count - 1]


def one_pass(sch: Schedule, blocks: list[SBlockRV], machine: Machine) -> None:
    """All blocks in the last one's loops."""
    for block in blocks[:-1]:
        sch.compute_inline(block)
    if blocks:
        vectorize(sch, blocks[-1], machine)


def vectorize(sch: Schedule, block: SBlockRV, machine: Machine) -> None:
    """Cuts the innermost loop into whole vectors; what does not divide is left to LLVM."""
    loops = sch.get_loops(block)
    if not loops:
        return
    *outer, last = loops
    work = extents(sch, loops)
    if extent(sch, last) % machine.lanes == 0:
        steps, lanes = sch.split(last, [None, machine.lanes])
        sch.vectorize(lanes)
        outer = outer or [steps]
    share(sch, outer, machine, work)
