"""What TVM compiles for."""

from __future__ import annotations

from ayci_runtime.adapter import Wanted
from ayci_runtime.errors import ConversionFailed
from cpus import CPU_OF
from tvm.target import Target, codegen

_TRIPLES = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}


def target_of(wanted: Wanted) -> Target:
    """The target of `wanted.hardware` and `wanted.threads`.

    Raises ConversionFailed for a CPU that LLVM does not know: TVM takes any name in silence, and
    compiles for the oldest.
    """
    cpu, triple = CPU_OF[wanted.hardware], _TRIPLES[wanted.hardware]
    if not codegen.llvm_is_valid_cpu(cpu, triple):
        raise ConversionFailed(f"LLVM knows no CPU {cpu} of {triple}")
    return Target({"kind": "llvm", "mtriple": triple, "mcpu": cpu, "num-cores": wanted.threads})
