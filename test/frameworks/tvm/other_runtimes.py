"""Handlers of other runtimes and of converters, each in its own environment, and nets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "pytorch-convert"))

from serving import ROOT, python_of

CONVERT = "-convert"
_RUN = "import json, sys, {0}; print(json.dumps({0}.handler(json.load(sys.stdin))))"


def path_of(name: str) -> str:
    """PYTHONPATH of an environment's handler."""
    folders = ("common", name.removesuffix(CONVERT))
    return os.pathsep.join(str(ROOT / "runtimes" / folder) for folder in folders)


def answered(name: str, request: dict) -> dict:
    """What `tvm` (serves) or `tvm-convert` (converts) answers to a request."""
    app = "convert_app" if name.endswith(CONVERT) else "app"
    done = subprocess.run(
        [python_of(name), "-c", _RUN.format(app)],
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": path_of(name)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def write_zoo(folder: Path, framework: str, environment: str, *names: str) -> Path:
    """Writes nets of test/zoo by the zoo's own command."""
    script = str(ROOT / "test" / "zoo" / f"{framework}.py")
    subprocess.run([python_of(environment), "-P", script, str(folder), *names], check=True)
    return folder
