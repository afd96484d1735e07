"""Functions around one of our kernels: a tile of the output stays in registers while it is summed.

What follows the kernel (bias, residual, activation) is done on the tile before it is stored.
"""

from __future__ import annotations

from math import prod

from tvm.ir import Expr
from tvm.s_tir import Schedule
from tvm.s_tir.schedule import SBlockRV
from tvm.tirx import IndexMap, PrimFunc

from schedule.blocks import (
    Unscheduled,
    annotation,
    blocks_of,
    extent,
    is_reduction,
    schedule_of,
    share,
)
from schedule.cuts import reduce_in_registers, split_channels, unroll_and_vectorize
from schedule.elementwise import fuse_after, vectorize
from schedule.kernels import STAGE, TILE
from schedule.machine import Machine
from schedule.places import ravel
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
    _tile(sch, kernel, fuse_after(sch, blocks[place + 1 :], machine), machine)
    return sch.mod["main"]


def _prepare(sch: Schedule, block: SBlockRV, machine: Machine) -> None:
    """Padding and packing are passes of their own."""
    if is_reduction(sch, block) or not annotation(sch, block, STAGE):
        raise Unscheduled("something else is fused before the kernel")
    vectorize(sch, block, machine)


def _tile(sch: Schedule, kernel: SBlockRV, end: SBlockRV, machine: Machine) -> None:
    tile = Tile(*annotation(sch, kernel, TILE))
    _flatten(sch, kernel, end)
    *batch, rows, channels = sch.get_loops(end)
    work = extent(sch, rows) * extent(sch, channels)
    blocks, row = sch.split(rows, [None, tile.rows])
    outer, inner = split_channels(sch, channels, tile.vectors, tile.lanes)
    order = [blocks, outer] if _weights_stay(sch, kernel) else [outer, blocks]
    sch.reorder(*batch, *order, row, *inner)
    sch.compute_at(kernel, order[-1], preserve_unit_loops=True)
    outside = share(sch, [*batch, *order], machine, work)
    reduce_in_registers(sch, kernel, outside, tile.lanes)
    unroll_and_vectorize(sch, [row, *inner[:-1]], inner[-1], tile.lanes)


def _flatten(sch: Schedule, kernel: SBlockRV, end: SBlockRV) -> None:
    """The last block over the same axes as the kernel's: (batch,) rows and channels."""
    sizes = [int(each.dom.extent) for each in sch.get(end).iter_vars]
    axes = len(sch.get(kernel).writes[0].source.shape)
    folded = len(sizes) - axes + 1

    def flat(*at: Expr) -> tuple[Expr, ...]:
        return ravel(at[:folded], sizes[:folded]), *at[folded:]

    if folded > 1:
        sch.transform_block_layout(end, IndexMap.from_func(flat, ndim=len(sizes)))


def _weights_stay(sch: Schedule, kernel: SBlockRV) -> bool:
    """Whether all weights stay in the cache: then pixels come first, and the input is read once."""
    weights = sch.get(kernel).reads[-1].source
    return prod(int(size) for size in weights.shape) * _FLOAT <= _CACHED_WEIGHTS
