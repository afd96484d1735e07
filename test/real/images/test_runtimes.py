"""Each runtime's images, started as Lambda starts them: one answers a `measure` request, the other a `convert` request.

Models are the zoo's small net, written and converted on this machine by the runtimes' own environments.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import zoo
from images import build, mounted
from parts import RUNTIMES
from sizes import packed_files, size_of
from starting import converted, measured, started

MB = 1 << 20
# What a converter is sent, what it is asked for, and what it makes of that.
CONVERSIONS = {
    "pytorch": ("pytorch", "onnx", "model.onnx"),
    "tensorflow": ("tensorflow", "onnx", "model.onnx"),
    "mxnet": ("mxnet", "onnx", "model.onnx"),
    "tvm": ("onnx", "tvm", "model.so"),
    "openvino": ("onnx", "openvino", "model.xml"),
}
# Packages that only converting takes.
CONVERTING = ("onnx", "onnxscript", "tf2onnx", "tflite", "ziglang")


@pytest.fixture(scope="module")
def models(unconverted, www):
    folder, _ = www
    return unconverted | zoo.compiled(unconverted["onnx"], folder)


def bytes_left_out(runtime: str, task: Path) -> int:
    """Of what `left-out.txt` names for a runtime. Each is brought by a package, and is not there."""
    lines = (RUNTIMES / "left-out.txt").read_text().splitlines()
    paths = [Path(path) for name, path in map(str.split, lines[2:]) if name == runtime]
    assert [path for path in paths if (task / path).exists()] == []
    brought = packed_files(task)
    found = {
        path: [size for file, size in brought.items() if path in (file, *file.parents)]
        for path in paths
    }
    assert [path for path, sizes in found.items() if not sizes] == []
    return sum(map(sum, found.values()))


@pytest.mark.parametrize("runtime", ["pytorch", "tensorflow", "mxnet", "tvm", "openvino"])
def test_serving_image_measures(runtime, models, www, capsys):
    image = build(runtime, "serve")
    with mounted(image) as root:
        with started(image, root) as emulator:
            measured(runtime, emulator, zoo.published(models[runtime], www))
        task = root / "var" / "task"
        assert [name for name in CONVERTING if (task / name).exists()] == []
        left_out = bytes_left_out(runtime, task)
        size = size_of(image, root)
    with capsys.disabled():
        print(
            f"\n{runtime}: {size.files / MB:.0f} MB of files upon the base,"
            f" {size.installed / MB:.0f} MB by pip's own count"
        )
    # Compiled code is added, tests are left out.
    assert 0.9 < (size.files + left_out) / size.installed < 1.35


@pytest.mark.parametrize("runtime", CONVERSIONS)
def test_converting_image_uploads_what_it_makes(runtime, models, www):
    framework, optimizer, entry = CONVERSIONS[runtime]
    image = build(runtime, "convert")
    with mounted(image) as root, started(image, root) as emulator:
        artifact = zoo.published(models[framework], www)
        assert converted(runtime, optimizer, emulator, artifact)["entry"] == entry
