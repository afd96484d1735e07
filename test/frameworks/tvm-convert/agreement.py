"""Compiles Relax modules with our schedules and with TVM's own code, and compares the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import schedule
import tvm
from tvm import relax
from tvm.ir import IRModule

X86 = {"kind": "llvm", "mtriple": "x86_64-linux-gnu", "mcpu": "x86-64-v3"}
ARM = {"kind": "llvm", "mtriple": "aarch64-linux-gnu", "mcpu": "neoverse-n1"}
TOLERANCE = 1e-5
LEAST_VARIATION = 1e-3

Build = Callable[..., relax.Expr]


def module_of(build: Build, shapes: Sequence[Sequence[int]]) -> IRModule:
    """`main` of float32 inputs of `shapes`; `build` makes its result of them."""
    builder = relax.BlockBuilder()
    inputs = [
        relax.Var(f"x{index}", relax.TensorType(shape, "float32"))
        for index, shape in enumerate(shapes)
    ]
    with builder.function("main", inputs):
        with builder.dataflow():
            output = builder.emit_output(builder.emit(build(*inputs)))
        builder.emit_func_output(output)
    return relax.transform.DecomposeOpsForInference()(builder.get())


def values_of(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def run(
    module: IRModule, inputs: Sequence[np.ndarray], cores: int = 1, ours: bool = True
) -> tuple[np.ndarray, list[str]]:
    """The output on this machine, and what fell back."""
    target = tvm.target.Target({**X86, "num-cores": cores})
    told: list[str] = []
    if ours:
        module, told = schedule.optimize(module, target)
    machine = relax.VirtualMachine(tvm.compile(module, target=target), tvm.cpu())
    return machine["main"](*[tvm.runtime.tensor(each) for each in inputs]).numpy(), told


def assert_agrees(
    build: Build, *shapes: Sequence[int], falls_back: Sequence[str] = (), cores: int = 1
) -> None:
    """Ours computes what TVM's own does, on inputs that matter, and falls back as said."""
    module = module_of(build, shapes)
    inputs = [values_of(shape, index) for index, shape in enumerate(shapes)]
    reference, _ = run(module, inputs, ours=False)
    found, told = run(module, inputs, cores)
    assert told == list(falls_back)
    assert found.shape == reference.shape
    largest = np.abs(reference).max()
    other, _ = run(module, [values_of(shape, 99) for shape in shapes], ours=False)
    assert np.abs(other - reference).max() > LEAST_VARIATION * largest
    assert np.abs(found - reference).max() <= TOLERANCE * largest
