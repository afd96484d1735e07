"""What TVM compiles for, and the linker."""

from __future__ import annotations

from pathlib import Path

import pytest
import targets
from ayci_runtime.adapter import Wanted
from ayci_runtime.errors import ConversionFailed
from cpus import CPU_OF
from link import linker
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
