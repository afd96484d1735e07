"""Functions around one of our kernels: a tile of the output stays in registers while it is summed.

What follows the kernel (bias, residual, activation) is done on the tile before it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvm.ir import Expr
from tvm.s_tir import Schedule
from tvm.s_tir.schedule import LoopRV, SBlockRV
from tvm.tirx import ForKind, IndexMap, IterVar, PrimFunc

from schedule.blocks import (
    Unscheduled,
    annotation,
    blocks_of,
    extent,
    is_reduction,
    schedule_of,
    share,
)
from schedule.elementwise import vectorize
from schedule.kernels import STAGE, TILE, WINDOW
from schedule.machine import Machine
from schedule.tile import Tile

# Bytes of packed weights that stay in the cache while all pixels pass by.
_CACHED_WEIGHTS = 256 * 1024
_FLOAT = 4


def schedule_register_tile(function: PrimFunc, machine: Machine) -> PrimFunc:
    """Raises Unscheduled for a function without a kernel of ours."""
    sch = schedule_of(function)
    blocks = blocks_of(sch)
    kernels = [block for block in blocks if annotation(sch, block, TILE)]
    if len(kernels) != 1:
        raise Unscheduled("it has no kernel of ours")
    kernel = kernels[0]
    place = [sch.get(block).name_hint for block in blocks].index(sch.get(kernel).name_hint)
    for block in blocks[:place]:
        _prepare(sch, block, machine)
    *inlined, end = blocks[place + 1 :]
    for block in inlined:
        sch.compute_inline(block)
    _tile(sch, kernel, end, machine)
    return sch.mod["main"]


def _prepare(sch: Schedule, block: SBlockRV, machine: Machine) -> None:
    """Padding and packing are passes of their own."""
    if is_reduction(sch, block) or not annotation(sch, block, STAGE):
        raise Unscheduled("something else is fused before the kernel")
    vectorize(sch, block, machine)


def _tile(sch: Schedule, kernel: SBlockRV, end: SBlockRV, machine: Machine) -> None:
    tile = Tile(*annotation(sch, kernel, TILE))
    window = annotation(sch, kernel, WINDOW) is not None
    sizes = [int(each.dom.extent) for each in sch.get(end).iter_vars]
    spatial = len(sch.get(sch.get_producers(end)[0]).writes[0].source.shape)
    _flatten(sch, end, sizes, spatial)
    *batch, rows, channels = sch.get_loops(end)
    work = extent(sch, rows) * extent(sch, channels)
    blocks, row = sch.split(rows, [None, tile.rows])
    outer, inner = _channels(sch, channels, tile)
    order = [blocks, outer] if _pixels_first(sch, kernel, window) else [outer, blocks]
    sch.reorder(*batch, *order, row, *inner)
    sch.compute_at(kernel, order[-1], preserve_unit_loops=True)
    outside = share(sch, [*batch, *order], machine, work)
    _sum(sch, kernel, tile, outside, window)
    _vector(sch, [row, *inner[:-1]], inner[-1], tile)


def _flatten(sch: Schedule, end: SBlockRV, sizes: Sequence[int], spatial: int) -> None:
    """The last block over the kernel's own (batch,) rows and channels."""
    rows = len(sizes) - 1 if spatial == 2 else 1

    def flat(*at: Expr) -> tuple[Expr, ...]:
        lead = 0
        first = rows if spatial == 2 else len(sizes) - 2
        for place, size in zip(at[:first], sizes[:first], strict=True):
            lead = lead * size + place
        return (lead, *at[first:])

    if len(sizes) != spatial:
        sch.transform_block_layout(end, IndexMap.from_func(flat, ndim=len(sizes)))


def _channels(sch: Schedule, channels: LoopRV, tile: Tile) -> tuple[LoopRV, list[LoopRV]]:
    """Whole vectors first, so that a tile beyond the last channel asks once a vector, not a lane."""
    if extent(sch, channels) % tile.lanes:
        outer, lane = sch.split(channels, [None, tile.channels])
        return outer, [lane]
    vectors, lane = sch.split(channels, [None, tile.lanes])
    outer, vector = sch.split(vectors, [None, tile.vectors])
    return outer, [vector, lane]


def _pixels_first(sch: Schedule, kernel: SBlockRV, window: bool) -> bool:
    """Whether all weights stay in the cache, so that the input is read but once."""
    weights = sch.get(kernel).reads[-1].source
    size = _FLOAT
    for each in weights.shape:
        size *= int(each)
    return window or size <= _CACHED_WEIGHTS


def _sum(sch: Schedule, kernel: SBlockRV, tile: Tile, outside: int, window: bool) -> None:
    """Sums outside, the tile inside, unrolled, in vectors."""
    loops = sch.get_loops(kernel)[outside:]
    count = sum(each.iter_type == IterVar.CommReduce for each in sch.get(kernel).iter_vars)
    *_, row, lane = spatial = loops[: len(loops) - count]
    sums = loops[len(loops) - count :]
    sch.reorder(*sums, *spatial)
    _vector(sch, [row], lane, tile)
    start = sch.decompose_reduction(kernel, sums[0])
    *_, row, lane = sch.get_loops(start)[outside:]
    # It may have been taken apart with its vectors already cut.
    if sch.get(lane).kind != ForKind.VECTORIZED:
        _vector(sch, [row], lane, tile)
    if window:
        for loop in sums:
            sch.unroll(loop)


def _vector(sch: Schedule, unrolled: Sequence[LoopRV], lane: LoopRV, tile: Tile) -> None:
    for loop in unrolled:
        sch.unroll(loop)
    size = extent(sch, lane)
    if size > tile.lanes and size % tile.lanes == 0:
        vector, lane = sch.split(lane, [None, tile.lanes])
        sch.unroll(vector)
    if extent(sch, lane) == tile.lanes:
        sch.vectorize(lane)
