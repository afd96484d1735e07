"""Too little memory is told as such, wherever it runs out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytorch_models import inputs_of
from runtime_requests import artifact_of, measure_of, subject_of

_RUN = """
import json, resource, sys
limit = int(sys.argv[1]) << 20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
import app
try:
    print(app.handler(json.load(sys.stdin))["op"])
except Exception as error:
    print(type(error).__name__)
"""


def ending(path: Path, name: str, megabytes: int) -> str:
    artifact = artifact_of(path, entry=f"model{path.suffix}")
    request = measure_of("pytorch", "vanilla", subject_of(artifact, *inputs_of(name, 8)), batch=8)
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(megabytes)],
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    # What the process itself can no longer tell, its last words do.
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("suffix", [".pt2", ".pt"])
def test_out_of_memory_is_told(zoo: Path, suffix: str) -> None:
    path = zoo / f"resnet18{suffix}"
    told = {ending(path, "resnet18", megabytes) for megabytes in (250, 280)}
    assert told == {"OutOfMemory"}
    assert ending(path, "resnet18", 2000) == "measure"


def test_out_of_memory_of_the_import_is_told(zoo: Path) -> None:
    assert "bad_alloc" in ending(zoo / "small.pt", "small", 80)
