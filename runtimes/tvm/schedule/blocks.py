"""Looking at the blocks of a TIR function, and dealing their loops out to cores."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import tvm
from tvm.s_tir import Schedule
from tvm.s_tir.schedule import LoopRV, SBlockRV
from tvm.tirx import IntImm, IterVar, PrimFunc

from schedule.machine import Machine

# Iterations that one thread must have, for it to be worth waking.
_WORTH_A_THREAD = 16_384


class Unscheduled(Exception):
    """The function is not of the kind that the schedule is for."""


def schedule_of(function: PrimFunc) -> Schedule:
    """A schedule of a copy; raises on any use that would change what is computed."""
    return Schedule(tvm.IRModule({"main": function.with_attr("global_symbol", "main")}))


def blocks_of(sch: Schedule) -> list[SBlockRV]:
    """All blocks below the root, in order."""
    return list(sch.get_child_blocks(sch.get_sblock("root")))


def is_reduction(sch: Schedule, block: SBlockRV) -> bool:
    """Whether a block sums, or takes a maximum or the like."""
    return any(each.iter_type == IterVar.CommReduce for each in sch.get(block).iter_vars)


def annotation(sch: Schedule, block: SBlockRV, name: str) -> list[int] | None:
    """The integers of an annotation, None where the block has it not."""
    found = sch.get(block).annotations.get(name)
    if found is None:
        return None
    return [int(found)] if isinstance(found, int | IntImm) else [int(each) for each in found]


def extent(sch: Schedule, loop: LoopRV) -> int:
    """How often a loop runs. Raises Unscheduled where only running tells."""
    size = sch.get(loop).extent
    if not isinstance(size, int | IntImm):
        raise Unscheduled("a loop whose length depends on values")
    return int(size)


def extents(sch: Schedule, loops: Sequence[LoopRV]) -> int:
    """How often a nest of loops runs."""
    return prod(extent(sch, loop) for loop in loops)


def outputs_of(sch: Schedule, block: SBlockRV) -> int:
    """How many values a block writes."""
    return prod(int(each) for each in sch.get(block).writes[0].source.shape)


def same_size(sch: Schedule, blocks: Sequence[SBlockRV], size: int) -> int:
    """How many of the first blocks write `size` values: the others repeat them (broadcast)."""
    sizes = [outputs_of(sch, block) == size for block in blocks]
    return sizes.index(False) if False in sizes else len(sizes)


def share(sch: Schedule, loops: Sequence[LoopRV], machine: Machine, work: int) -> int:
    """Deals the outer `loops` out to the cores, as one, where `work` iterations are enough.

    Returns how many loops they are then. To be done before reductions are taken apart.
    """
    if machine.cores == 1 or not loops or work < machine.cores * _WORTH_A_THREAD:
        return len(loops)
    sch.parallel(sch.fuse(*loops) if len(loops) > 1 else loops[0])
    return 1
