"""Schedules functions that take a row at a time: all steps of a row while it is in the cache."""

from __future__ import annotations

from tvm.s_tir import Schedule
from tvm.s_tir.schedule import LoopRV, SBlockRV
from tvm.tirx import PrimFunc

from schedule.blocks import (
    Unscheduled,
    annotation,
    blocks_of,
    extent,
    extents,
    is_reduction,
    schedule_of,
    share,
)
from schedule.elementwise import fuse_after
from schedule.machine import Machine
from schedule.row_kernels import ROWS
from schedule.row_sums import PARTIAL


def schedule_rows(function: PrimFunc, machine: Machine) -> PrimFunc:
    """Raises Unscheduled for a function that is not of row_kernels."""
    sch = schedule_of(function)
    blocks = blocks_of(sch)
    kernels = [index for index, block in enumerate(blocks) if annotation(sch, block, ROWS)]
    if not kernels:
        raise Unscheduled("it has no rows of ours")
    end = fuse_after(sch, blocks[kernels[-1] :], machine)
    steps = [block for block in blocks[: kernels[-1]] if not _inlined(sch, block)]
    row, inner = _row(sch, end, steps)
    for block in reversed(steps):
        sch.compute_at(block, row, preserve_unit_loops=True)
    work = sum(extents(sch, sch.get_loops(block)) for block in steps)
    share(sch, [row], machine, work)
    for block in steps:
        _vectors(sch, block, sch.get_loops(block)[1:], machine)
    if inner:
        _cut(sch, inner[-1], machine)
    return sch.mod["main"]


def _inlined(sch: Schedule, block: SBlockRV) -> bool:
    """Steps that others read in one place only need no memory."""
    if sch.get(block).name_hint != "shifted":
        return False
    sch.compute_inline(block)
    return True


def _row(sch: Schedule, end: SBlockRV, steps: list[SBlockRV]) -> tuple[LoopRV, list[LoopRV]]:
    """The loop over rows, and those in a row where the output has such. Raises Unscheduled."""
    rows = int(sch.get(steps[0]).iter_vars[0].dom.extent)
    loops = sch.get_loops(end)
    if rows == 1:
        return sch.add_unit_loop(loops[0] if loops else end), loops
    count = next(
        (index for index in range(1, len(loops) + 1) if extents(sch, loops[:index]) == rows), None
    )
    if count is None:
        raise Unscheduled("its output has no rows")
    return (sch.fuse(*loops[:count]) if count > 1 else loops[0]), loops[count:]


def _vectors(sch: Schedule, block: SBlockRV, loops: list[LoopRV], machine: Machine) -> None:
    if annotation(sch, block, PARTIAL):
        *_, place, step = loops
        sch.reorder(step, place)
        vector, lane = sch.split(place, [None, machine.lanes])
        sch.unroll(vector)
        sch.vectorize(lane)
        sch.decompose_reduction(block, step)
    elif not is_reduction(sch, block) and loops:
        _cut(sch, loops[-1], machine)


def _cut(sch: Schedule, loop: LoopRV, machine: Machine) -> None:
    if extent(sch, loop) % machine.lanes == 0:
        _, lane = sch.split(loop, [None, machine.lanes])
        sch.vectorize(lane)
