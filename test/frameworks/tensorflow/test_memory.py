"""Too little memory is told as such, wherever it runs out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from runtime_requests import measure_of, subject_of
from tensorflow_models import artifact_of, inputs_of

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


def ending(folder: Path, name: str, megabytes: int) -> str:
    subject = subject_of(artifact_of(folder), *inputs_of(name, 8))
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(megabytes)],
        input=json.dumps(measure_of("tensorflow", "vanilla", subject, batch=8)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    # What the process itself can no longer tell, its last words do.
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


# During the import, while loading (where it may abort), and in oneDNN.
@pytest.mark.parametrize("megabytes", [100, 275, 390])
def test_out_of_memory_is_told(zoo: Path, megabytes: int) -> None:
    told = ending(zoo / "resnet18", "resnet18", megabytes)
    assert "OutOfMemory" in told or "bad_alloc" in told


def test_enough_memory(zoo: Path) -> None:
    assert ending(zoo / "resnet18", "resnet18", 2000) == "measure"
