"""What TVM compiles for, and the linker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import targets
import tvm
from ayci_runtime.adapter import Wanted
from ayci_runtime.errors import ConversionFailed
from cpus import CPU_OF
from link import linker
from modules import module_of
from tvm import relax
from tvm.target import codegen


def wanted(folder: Path, hardware: str, threads: int = 1) -> Wanted:
    return Wanted("tvm", hardware, 1, threads, 5, [], [], folder)


@pytest.mark.parametrize(("hardware", "feature"), [("x86_64", "avx2"), ("arm64", "fullfp16")])
def test_targets_have_vectors(tmp_path: Path, hardware: str, feature: str) -> None:
    target = targets.target_of(wanted(tmp_path, hardware, 3))
    assert codegen.llvm_cpu_has_features(feature, target)
    assert target.attrs["num-cores"] == 3


def test_a_cpu_that_llvm_does_not_know_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CPU_OF, "arm64", "neoverse-n99")
    with pytest.raises(ConversionFailed, match="LLVM knows no CPU neoverse-n99 of aarch64-linux"):
        targets.target_of(wanted(tmp_path, "arm64"))


def test_what_the_linker_says_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.o").write_bytes(b"\x7fELF")
    made = tmp_path / "made.so"
    with pytest.raises(ConversionFailed, match=r"linking failed \(1\): ld.lld: error: .*broken.o"):
        linker("x86_64-linux-gnu")(str(made), [str(tmp_path / "broken.o")])
    assert not made.exists()


_LIMITED = """
import resource, sys
from ayci_runtime.errors import OutOfMemory
from link import linker
limit = 270 << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    linker("x86_64-linux-gnu")(sys.argv[1], sys.argv[2:])
except OutOfMemory as error:
    print(error)
"""


def test_the_linker_out_of_memory(tmp_path: Path) -> None:
    """It is a process of its own, whose memory may be all that is missing."""
    table = relax.const(np.ones((1 << 23, 3), np.float32))
    module = module_of(lambda _, x: relax.op.add(x, relax.op.take(table, relax.const([5, 7]), 0)))
    kept: list[str] = []

    def keep(_: str, objects: list[str], **__: object) -> None:
        kept.extend(objects)

    built = tvm.compile(module, target=targets.target_of(wanted(tmp_path, "x86_64")))
    built.export_library("none", fcompile=keep, workspace_dir=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path / "made.so"), *kept],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert re.match(r"linking failed \(1\): ld.lld: .*[Oo]ut of memory", done.stdout), done
