"""Another runtime's handler, in its own environment, as the product runs it."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_RUN = "import json, sys, app; print(json.dumps(app.handler(json.load(sys.stdin))))"


@functools.cache
def python_of(name: str) -> str:
    command = ["node", str(ROOT / "scripts" / "frameworks.mjs"), name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


def served(name: str, request: dict) -> dict:
    """The answer of runtime `name` to a request."""
    runtimes = ROOT / "runtimes"
    path = os.pathsep.join(str(runtimes / folder) for folder in ("common", name))
    done = subprocess.run(
        [python_of(name), "-c", _RUN],
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
