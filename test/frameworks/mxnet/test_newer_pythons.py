"""Images have Python 3.13, which lacks more of what MXNet asks for than 3.11."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import app
import pytest
from mxnet_models import artifact, inputs_of
from runtime_requests import ask, measure_of, subject_of

ROOT = Path(__file__).resolve().parents[3]
_MEASURE = "import json, sys, app; print(json.dumps(app.handler(json.load(sys.stdin))))"


def python_on(version: str) -> str:
    """The Python of the serving environment, made by AYCI for that version."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    base = str(installed[-1]) if installed else shutil.which(f"python{version}")
    assert base, f"Python {version} is not installed: pyenv install {version}"
    command = ["node", str(ROOT / "scripts" / "frameworks.mjs"), "mxnet"]
    env = {**os.environ, "AYCI_PYTHON": base}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_serves_on_newer_pythons(zoo: Path, version: str) -> None:
    request = measure_of(
        "mxnet", "vanilla", subject_of(artifact(zoo, "small"), *inputs_of("small", 2)), batch=2
    )
    folders = [ROOT / "runtimes" / "common", ROOT / "runtimes" / "mxnet"]
    done = subprocess.run(
        [python_on(version), "-c", _MEASURE],
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        check=True,
        capture_output=True,
        text=True,
    )
    answer = json.loads(done.stdout)
    assert answer["environment"]["versions"]["python"].startswith(f"{version}.")
    here = ask(app.handler, request)
    assert answer["subjects"][0]["fingerprint"] == here["subjects"][0]["fingerprint"]
