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
    for block in blocks[:-1]:
        sch.compute_inline(block)
    vectorize(sch, blocks[-1], machine)
    return sch.mod["main"]


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
