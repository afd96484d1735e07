"""Which part of an output is computed in registers at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schedule.machine import Machine

# Cycles from an FMA to the next one on the same register, and how many start in a cycle.
_LATENCY = 4
_PER_CYCLE = 2
# More vectors a row would only make the code longer.
_MOST_VECTORS = 8
_MOST_ROWS = 12


@dataclass(frozen=True)
class Tile:
    """`rows` pixels (or rows of a matrix) by `vectors` vectors of `lanes` channels (columns)."""

    rows: int
    vectors: int
    lanes: int

    @property
    def channels(self) -> int:
        return self.vectors * self.lanes


def register_tile(rows: int, channels: int, machine: Machine, within: int | None = None) -> Tile:
    """The tile that takes least time for an output of `rows` by `channels`.

    `within`: the tile's channels divide it (a group's channels). Both sizes are rounded up to whole
    tiles, so that what is computed in vain counts.
    """
    tiles = [tile for tile in _fitting(machine) if within is None or within % tile.channels == 0]
    return min(tiles, key=lambda tile: _cycles(tile, rows, channels))


def _fitting(machine: Machine) -> Iterator[Tile]:
    for vectors in range(1, _MOST_VECTORS + 1):
        for rows in range(1, _MOST_ROWS + 1):
            # Weights are loaded once a row, and are operands in memory where there is one row.
            weights = vectors if rows > 1 else 1
            if rows * vectors + weights + 1 <= machine.registers:
                yield Tile(rows, vectors, machine.lanes)


def _cycles(tile: Tile, rows: int, channels: int) -> float:
    """Per step of the reduction: one FMA a vector, one load a row and one a vector of weights."""
    work, loads = tile.rows * tile.vectors, tile.rows + tile.vectors
    cycles = max(work / _PER_CYCLE, loads / _PER_CYCLE, _LATENCY) + 0.03 * loads
    return -(-rows // tile.rows) * -(-channels // tile.channels) * cycles
