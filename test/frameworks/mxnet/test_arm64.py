"""MXNet on arm64, where its wheel alone does not even load: the runtime's packages under qemu."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import app
import pytest
from mxnet_models import artifact, inputs_of
from runtime_requests import (
    ask,
    file_of,
    infer_of,
    measure_of,
    relative_difference,
    subject_of,
)

for _folder in ("tvm", "tvm-convert"):
    sys.path.append(str(Path(__file__).resolve().parents[1] / _folder))

import arm64
from other_runtimes import path_of

MARKER = " ; platform_machine == 'aarch64'"
_RUN = "import json, sys, app; print(json.dumps(app.handler(json.load(sys.stdin))))"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = (arm64.ROOT / "runtimes" / "mxnet" / "requirements.txt").read_text()
    assert MARKER in text
    # pip goes by the machine that it runs on.
    lock = tmp_path_factory.mktemp("lock") / "requirements.txt"
    lock.write_text(text.replace(MARKER, ""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arm64, "LOCK", lock)
        patch.setattr(arm64, "ARM64", (*arm64.ARM64, "libgomp1"))
        return arm64.machine()


def on_arm64(machine: Path, code: str, given: str = "") -> str:
    """What Python prints on the CPU that Lambda has."""
    root = machine / "root"
    qemu = [root / "usr/bin/qemu-aarch64-static", "-cpu", "neoverse-n1", "-L", root]
    done = subprocess.run(
        [*qemu, root / f"usr/bin/python{arm64.PYTHON}", "-c", code],
        input=given,
        env={"PYTHONPATH": f"{machine / 'site'}:{path_of('mxnet')}", "HOME": "/tmp"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.mark.parametrize("batch", [1, 3])
def test_agrees_with_x86_64(machine: Path, zoo: Path, tmp_path: Path, batch: int) -> None:
    found, inputs = artifact(zoo, "small"), inputs_of("small", batch)
    told = ask(app.handler, infer_of("mxnet", found, tmp_path / "expected", *inputs, batch=batch))
    files = [file_of(tmp_path / "expected" / each["path"]) for each in told["files"]]
    subject = subject_of(found, *inputs, expected={"entry": told["entry"], "files": files})
    request = measure_of("mxnet", "vanilla", subject, batch=batch)
    (measured,) = json.loads(on_arm64(machine, _RUN, json.dumps(request)))["subjects"]
    assert relative_difference(measured["agreement"]) <= 1e-5


_LINEAR = """
import app, mxnet as mx, numpy as np
values = np.random.default_rng(1).standard_normal((2, 5, 5))
for dtype in ("float32", "float64"):
    given = mx.nd.array(values, dtype=dtype)
    good = mx.nd.linalg.gemm2(given, given, transpose_b=True)
    good = good + mx.nd.array(np.eye(5), dtype=dtype) * 5
    inverse = mx.nd.linalg.inverse(good).asnumpy()
    factor = mx.nd.linalg.potrf(good).asnumpy()
    for found, expected in (
        (inverse @ good.asnumpy(), np.broadcast_to(np.eye(5), (2, 5, 5))),
        (factor @ factor.transpose(0, 2, 1), good.asnumpy()),
        (good.asnumpy(), values @ values.transpose(0, 2, 1) + 5 * np.eye(5)),
    ):
        assert np.abs(found - expected).max() < 1e-4, (dtype, found)
print("linear")
"""


def test_linear_algebra_comes_from_openblas(machine: Path) -> None:
    """BLAS and LAPACK by other names, for both kinds of numbers."""
    assert on_arm64(machine, _LINEAR) == "linear\n"


def test_threads_reach_openblas(machine: Path) -> None:
    code = (
        "import app, mxnet as mx; from threads import use_threads; use_threads(3);"
        "print(mx.base._LIB.openblas_get_num_threads())"
    )
    assert on_arm64(machine, code) == "3\n"
