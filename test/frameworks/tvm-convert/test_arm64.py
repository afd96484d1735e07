"""What is compiled for arm64 on any machine, and run by the runtime's arm64 packages."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path

import pytest
from arm64 import answered_on_arm64
from compiled import answers_of, apart, compiled, inputs_of, measure, onnx_artifact

# Machines of elf.h.
ELF_MACHINES = {"x86_64": 62, "arm64": 183}
C_LIBRARIES = [ctypes.CDLL(name) for name in ("libc.so.6", "libm.so.6")]
# What the runtime's own libraries have for compiled code.
OF_TVM = re.compile(r"TVMFFI\w+|TVMBackend\w+")


def undefined(library: Path) -> list[str]:
    told = subprocess.run(
        ["nm", "-D", "--undefined-only", library], check=True, capture_output=True, text=True
    )
    return [line.split()[-1] for line in told.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "hardware"), [("mobilenet-v2", "arm64"), ("bert", "arm64"), ("bert", "x86_64")]
)
def test_libraries_need_the_runtime_alone(
    zoo: Path, tmp_path: Path, name: str, hardware: str
) -> None:
    artifact, inputs = onnx_artifact(zoo / f"{name}.onnx"), inputs_of(name, 1)
    compiled(artifact, tmp_path, *inputs, hardware=hardware, threads=2)
    library = tmp_path / "model.so"
    with library.open("rb") as file:
        header = file.read(20)
    assert header[:6] == b"\x7fELF\x02\x01"
    assert int.from_bytes(header[18:20], "little") == ELF_MACHINES[hardware]
    symbols = undefined(library)
    assert any(OF_TVM.fullmatch(each) for each in symbols)
    others = [each for each in symbols if not OF_TVM.fullmatch(each)]
    assert others == [each for each in others if any(hasattr(c, each) for c in C_LIBRARIES)]


@pytest.mark.parametrize(("name", "batch"), [("small", 1), ("small", 8), ("bert", 1)])
def test_agrees_with_onnx_runtime(zoo: Path, tmp_path: Path, name: str, batch: int) -> None:
    artifact, inputs = onnx_artifact(zoo / f"{name}.onnx"), inputs_of(name, batch)
    answer = compiled(artifact, tmp_path / "made", *inputs, batch=batch, hardware="arm64")
    expected = answers_of("onnx", artifact, tmp_path / "expected", *inputs, batch=batch)
    request = measure(answer, tmp_path / "made", expected, *inputs, batch=batch)
    response = answered_on_arm64(request)
    assert apart(response) <= 1e-4


def test_is_refused_where_it_would_not_run(zoo: Path, tmp_path: Path) -> None:
    """An older arm64 CPU, and one of another architecture."""
    artifact, inputs = onnx_artifact(zoo / "small.onnx"), inputs_of("small", 1)
    answer = compiled(artifact, tmp_path / "made", *inputs, hardware="arm64")
    expected = answers_of("onnx", artifact, tmp_path / "expected", *inputs)
    request = measure(answer, tmp_path / "made", expected, *inputs)
    with pytest.raises(subprocess.CalledProcessError) as raised:
        answered_on_arm64(request, cpu="cortex-a57")
    missing = "asimddp, asimdhp, asimdrdm, atomics, fphp, lrcpc"
    told = f"InvalidModel: compiled for neoverse-n1; this CPU lacks {missing}"
    assert told in raised.value.stderr
