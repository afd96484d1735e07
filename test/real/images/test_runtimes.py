"""Each runtime's images, started as Lambda starts them: one answers a `measure` request, the other a `convert` request.

Models are the zoo's small net, written and converted on this machine by the runtimes' own environments.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import zoo
from images import Image, build, mounted
from puts import store
from requesting import validator
from rie import rie
from runtime_requests import convert_of, measure_of, subject_of
from sizes import size_of

MB = 1 << 20
COMPILED = ("tvm", "openvino")
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
def models(www):
    """Artifacts as they lie on this machine, by framework or by the runtime that compiled them."""
    folder, _ = www
    made = zoo.unconverted(folder)
    return made | zoo.compiled(made["onnx"], folder)


def started(image: Image, root: Path):
    environment = {**image.environment, "AWS_LAMBDA_FUNCTION_TIMEOUT": "90"}
    return rie(image.command, environment, image.folder, root)


@pytest.mark.parametrize("runtime", ["pytorch", "tensorflow", "mxnet", "tvm", "openvino"])
def test_serving_image_measures(runtime, models, www, capsys):
    image = build(runtime, "serve")
    fed = zoo.INPUTS.get(runtime, zoo.IMAGE)
    optimizer = runtime if runtime in COMPILED else "vanilla"
    subject = subject_of(zoo.published(models[runtime], www), fed)
    with mounted(image) as root:
        with started(image, root) as emulator:
            answer = emulator.invoke(measure_of(runtime, optimizer, subject))
        assert "errorMessage" not in answer, answer
        validator("measure-response").validate(answer)
        assert answer["sandbox"]["cold"] is True
        (measured,) = answer["subjects"]
        assert measured["outputs"][0]["shape"][0] == 1 and measured["stretch"]["samplesMs"]
        task = root / "var" / "task"
        assert [name for name in CONVERTING if (task / name).exists()] == []
        size = size_of(image, root)
    with capsys.disabled():
        print(
            f"\n{runtime}: {sum(size.layers[1:]) / MB:.0f} MB gzipped upon the base, "
            f"{size.files / MB:.0f} MB of files, {size.installed / MB:.0f} MB by pip's own count"
        )
    # Compiled code is added, tests are left out.
    assert 0.9 < size.files / size.installed < 1.35


@pytest.mark.parametrize("runtime", CONVERSIONS)
def test_converting_image_uploads_what_it_makes(runtime, models, www):
    framework, optimizer, entry = CONVERSIONS[runtime]
    image = build(runtime, "convert")
    artifact = zoo.published(models[framework], www)
    fed = zoo.INPUTS.get(runtime, zoo.IMAGE)
    request = convert_of(runtime, optimizer, artifact, Path("/unused"), fed)
    with mounted(image) as root, store() as shop, started(image, root) as emulator:
        answer = emulator.invoke({**request, "output": shop.output()})
        assert "errorMessage" not in answer, answer
        validator("convert-response").validate(answer)
        assert answer["entry"] == entry
        for slot, file in enumerate(answer["files"]):
            assert hashlib.sha256(shop.body(f"slot-{slot}")).hexdigest() == file["sha256"]
        assert json.loads(shop.body("result")) == answer
