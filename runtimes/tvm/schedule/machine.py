"""What of a CPU decides how loops are cut."""

from __future__ import annotations

from dataclasses import dataclass

from tvm.target import Target, codegen


@dataclass(frozen=True)
class Machine:
    """Vector registers of `lanes` float32 each, and how many cores share the work."""

    lanes: int
    registers: int
    cores: int


def machine_of(target: Target) -> Machine:
    """The machine of an LLVM target, by its CPU's features: AVX-512, AVX2, NEON or SSE."""
    cores = int(target.attrs.get("num-cores", 1))
    if "aarch64" in str(target.attrs.get("mtriple", "")):
        return Machine(lanes=4, registers=32, cores=cores)
    if codegen.target_has_features("avx512f", target):
        return Machine(lanes=16, registers=32, cores=cores)
    lanes = 8 if codegen.target_has_features("avx2", target) else 4
    return Machine(lanes=lanes, registers=16, cores=cores)
