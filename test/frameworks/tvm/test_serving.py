"""Compiled models, served by TVM's runtime alone."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import app
import numpy as np
import pytest
import tvm
from adapter import TvmAdapter
from ayci_runtime.errors import InvalidModel
from ayci_runtime.inputs import make_inputs
from compiled_models import Compiled
from cpus import check_cpu, cpu_features
from manifest import read_manifest
from runtime_requests import (
    artifact_of,
    ask,
    describe_of,
    measure_of,
    relative_difference,
    subject_of,
)

X86_64_V3 = ["abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]


@pytest.mark.parametrize("optimizer", ["tvm", "onnx+tvm"])
def test_measures(small: Compiled, optimizer: str) -> None:
    response = ask(app.handler, {**small.request(), "optimizer": optimizer})
    (subject,) = response["subjects"]
    assert relative_difference(subject["agreement"]) <= 1e-5
    assert subject["outputs"] == [{"name": "scores", "dtype": "float32", "shape": [1, 10]}]
    assert subject["stretch"]["samplesMs"] and response["importMs"] > 0


def test_no_compiler_is_loaded(small: Compiled) -> None:
    """Nor what only a compiler needs."""
    ask(app.handler, small.request())
    assert "libtvm_runtime.so" in Path("/proc/self/maps").read_text()
    assert "libtvm_compiler.so" not in Path("/proc/self/maps").read_text()
    assert not {"onnx", "torch", "tflite"} & sys.modules.keys()


def test_describes(small: Compiled) -> None:
    answer = ask(app.handler, describe_of("tvm", small.artifact(), optimizer="tvm"))
    (image,) = answer["inputs"]
    assert (image["name"], image["dtype"]) == ("image", "float32")
    assert [each["name"] for each in answer["outputs"]] == ["scores"]


def test_models_are_unloaded(small: Compiled) -> None:
    """A sandbox that serves many of them holds one."""
    for _ in range(3):
        ask(app.handler, small.request())
    gc.collect()
    assert "model.so" not in Path("/proc/self/maps").read_text()


def test_outputs_are_their_own(small: Compiled, tmp_path: Path) -> None:
    """An inference changes nothing of what an earlier one returned."""
    model = TvmAdapter().load(small.folder / "model.so", "tvm", 1)
    one, other = (model.bind(make_inputs([small.image], seed, tmp_path)) for seed in (1, 2))
    (first,) = model.tensors(one())
    kept = first.array.copy()
    (second,) = model.tensors(other())
    assert np.array_equal(first.array, kept) and not np.array_equal(first.array, second.array)


_THREADS = """
import json, sys, app, tvm
from ayci_runtime.errors import InvalidRequest
for request in json.load(sys.stdin):
    try:
        app.handler(request)
        print(request["threads"], tvm.runtime.num_threads())
    except InvalidRequest as error:
        print(error)
"""


def output_of(code: str, given: object, *args: str) -> subprocess.CompletedProcess:
    """Runs code as a new process of this environment."""
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        input=json.dumps(given),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def test_threads(small: Compiled) -> None:
    """As many as asked for, at most those of the first request."""
    requests = [small.request(threads=threads) for threads in (2, 1, 2, 3)]
    done = output_of(_THREADS, requests)
    assert done.stdout.splitlines() == [
        *("2 2", "1 1", "2 2"),
        "request.threads: got 3; expected at most 2, for which TVM was started",
    ], done.stderr


def test_refuses_another_cpu(copied: Compiled) -> None:
    check_cpu("x86-64-v3")
    with pytest.raises(InvalidModel, match=r"^compiled for x86-64-v3; this CPU lacks avx2, fma$"):
        check_cpu("x86-64-v3", cpu_features() - {"avx2", "fma"})
    with pytest.raises(InvalidModel, match=f"this CPU lacks {', '.join(X86_64_V3)}"):
        check_cpu("x86-64-v3", set())
    copied.change(cpu="neoverse-n1")
    with pytest.raises(InvalidModel, match=r"compiled for aarch64 .*; this machine is x86_64"):
        ask(app.handler, copied.request())
    copied.change(cpu="znver9")
    with pytest.raises(InvalidModel, match="cpu: got znver9; expected x86-64-v3 or neoverse-n1"):
        ask(app.handler, copied.request())


def test_refuses_another_tvm(copied: Compiled) -> None:
    copied.change(tvm="0.20.0")
    told = f"compiled by TVM 0.20.0; this runtime has {tvm.__version__}. Convert again"
    with pytest.raises(InvalidModel, match=re.escape(told)):
        ask(app.handler, copied.request())


BAD = {
    "nothing": b"",
    "list": b"[]",
    "deep": b"[" * 100_000,
    "other schema": b'{"schema": 2}',
    "no fields": b'{"schema": 1, "inputs": [], "outputs": []}',
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_refuses_another_manifest(copied: Compiled, data: bytes) -> None:
    (copied.folder / "model.json").write_bytes(data)
    with pytest.raises(InvalidModel, match=r"model\.json: got what no converter of this version"):
        ask(app.handler, copied.request())


@pytest.mark.parametrize(
    "field",
    [{"inputs": 3}, {"outputs": [{"name": "y", "dtype": "float8", "shape": []}]}, {"tvm": 1}],
)
def test_refuses_malformed_fields(copied: Compiled, field: dict) -> None:
    copied.change(**field)
    with pytest.raises(InvalidModel, match=r"^model.json: "):
        read_manifest(copied.folder)


def test_refuses_what_is_no_library(copied: Compiled) -> None:
    (copied.folder / "model.so").write_bytes(b"\x7fELF")
    with pytest.raises(InvalidModel, match=r"model\.so"):
        ask(app.handler, copied.request())
    subject = subject_of(artifact_of(copied.folder / "model.so"), copied.image)
    (copied.folder / "model.json").unlink()
    with pytest.raises(InvalidModel, match=r"model\.json: missing; expected it beside model\.so"):
        ask(app.handler, measure_of("tvm", "tvm", subject))


_LIMITED = """
import json, resource, sys
limit = int(sys.argv[1]) << 20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
import app
try:
    print(app.handler(json.load(sys.stdin))["op"])
except Exception as error:
    print(type(error).__name__)
"""


def ending(request: dict, megabytes: int) -> str:
    done = output_of(_LIMITED, request, str(megabytes))
    # What the process itself can no longer tell, its last words do.
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_out_of_memory_is_told(resnet18: Compiled) -> None:
    request = resnet18.request()
    assert {ending(request, megabytes) for megabytes in (90, 110, 130)} == {"OutOfMemory"}
    assert ending(request, 1000) == "measure"
    # Before anything of the model is read.
    assert ending(request, 60).startswith("ayci_runtime.errors.OutOfMemory: ")
    assert "Memory allocation still failed" in ending(request, 30)
