"""What the CPU decides: vectors, cores, and code for another one."""

from __future__ import annotations

from pathlib import Path

import pytest
import schedule
import tvm
from agreement import ARM, X86, module_of, values_of
from schedule.machine import Machine, machine_of
from schedule.tile import register_tile
from tvm import relax

TARGETS = {
    "avx2": (X86, Machine(8, 16, 1)),
    "avx512": ({**X86, "mcpu": "x86-64-v4"}, Machine(16, 32, 1)),
    "sse": ({**X86, "mcpu": "x86-64"}, Machine(4, 16, 1)),
    "neon": ({**ARM, "num-cores": 2}, Machine(4, 32, 2)),
}


@pytest.mark.parametrize("name", TARGETS)
def test_machine(name: str) -> None:
    target, expected = TARGETS[name]
    assert machine_of(tvm.target.Target(target)) == expected


@pytest.mark.parametrize("machine", [machine for _, machine in TARGETS.values()], ids=str)
@pytest.mark.parametrize("rows", [1, 2, 7, 49, 196, 3136])
@pytest.mark.parametrize("channels", [1, 8, 24, 64, 1000])
def test_tiles_fit_the_registers(machine: Machine, rows: int, channels: int) -> None:
    tile = register_tile(rows, channels, machine)
    assert tile.rows * tile.vectors < machine.registers
    assert tile.rows < 2 * rows
    assert (tile.vectors - 1) * tile.lanes < channels


def test_a_tile_stays_in_its_group() -> None:
    assert 24 % register_tile(196, 48, Machine(8, 16, 1), within=24).channels == 0


@pytest.mark.parametrize("name", TARGETS)
def test_code_for_each(name: str, tmp_path: Path) -> None:
    weights = [
        relax.const(values_of(shape, 5)) for shape in ((20, 3, 3, 3), (20, 1, 3, 3), (20, 9))
    ]

    def build(x: relax.Expr) -> relax.Expr:
        nn = relax.op.nn
        made = nn.relu(nn.conv2d(x, weights[0], padding=(1, 1)))
        made = nn.max_pool2d(nn.conv2d(made, weights[1], groups=20), (2, 2), (2, 2))
        return nn.softmax(relax.op.matmul(relax.op.mean(made, [2, 3]), weights[2]))

    target = tvm.target.Target(TARGETS[name][0])
    module, told = schedule.optimize(module_of(build, [(2, 3, 18, 18)]), target)
    assert told == []
    code = tmp_path / "code.o"
    executable = tvm.compile(module, target=target)
    library = next(each for each in executable.mod.imports if each.kind == "llvm")
    library.write_to_file(str(code), "obj")
    machine = int.from_bytes(code.read_bytes()[18:20], "little")
    assert machine == (183 if name == "neon" else 62)
