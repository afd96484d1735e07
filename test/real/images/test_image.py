"""The ONNX images as their Dockerfile builds them, started as Lambda starts them.

On Debian's Python in the place of AWS's base image: what only that one has is not proven here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nets
import pytest
from images import Image, build, layer_sizes, mounted
from puts import store
from requesting import (
    IMAGE,
    artifact_of,
    convert_of,
    describe_of,
    measure_of,
    subject_of,
    validator,
)
from rie import rie

MB = 1 << 20
COMPILERS = ("gcc", "g++", "cc", "c++", "clang", "ld", "as", "ld.lld", "make", "cmake")


@pytest.fixture(scope="module")
def images():
    return {target: build("onnx", target) for target in ("serve", "convert")}


@pytest.fixture(scope="module")
def roots(images):
    with mounted(images["serve"]) as serve, mounted(images["convert"]) as convert:
        yield {"serve": serve, "convert": convert}


def started(image: Image, root: Path):
    environment = {**image.environment, "AWS_LAMBDA_FUNCTION_TIMEOUT": "90"}
    return rie(image.command, environment, image.folder, root)


def served(www) -> dict:
    folder, address = www
    artifact = artifact_of(nets.conv_net(folder / "model.onnx"))
    artifact["files"][0]["url"] = f"{address}/model.onnx?X-Amz-Signature=secret"
    return artifact


def test_it_starts_as_the_embedded_lambda_starts_it(images):
    for image in images.values():
        assert image.command == ["python3", "-m", "awslambdaric", "app.handler"]
        assert image.folder == Path("/var/task")
        assert image.environment["ORT_DISABLE_TELEMETRY"] == "1"


def test_layers_are_few_and_small(images, capsys):
    base, packages, code = layer_sizes(images["serve"])
    named = {"base (a stand-in)": base, "packages": packages, "code": code}
    with capsys.disabled():
        print("\nlayers of the serving image, gzipped:")
        for name, size in named.items():
            print(f"{size / MB:9.3f} MB  {name}")
    assert 5 * MB < packages < 60 * MB
    assert code < 0.2 * MB


def test_no_compiler_and_nothing_that_is_not_needed(images, roots):
    root = roots["serve"]
    places = [root / path for path in ("usr/bin", "usr/local/bin", "bin", "var/task")]
    found = [place / name for place in places for name in COMPILERS if (place / name).exists()]
    assert found == []
    task = root / "var" / "task"
    assert (task / "onnxruntime").is_dir() and (task / "awslambdaric").is_dir()
    assert not (task / "onnx").exists() and not (task / "pytest").exists()
    assert not list(task.glob("**/tests")), "tests of packages"
    assert not [path for path in root.glob("root/.cache/**/*") if path.is_file()], "pip's cache"
    assert not (root / "build").exists() and not (root / "packages").exists()


def test_sources_are_compiled_and_stay_as_they_are(roots):
    task = roots["serve"] / "var" / "task"
    for folder, name in (
        (task, "app"),
        (task / "numpy", "__init__"),
        (task / "ayci_runtime", "child"),
    ):
        (compiled,) = (folder / "__pycache__").glob(f"{name}.cpython-*.pyc")
        flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
        assert flags == 0b01, "by the source's hash, unchecked"
        assert f"/var/task/{folder.relative_to(task) / name}.py".replace("/./", "/").encode() in (
            compiled.read_bytes()
        )


def test_serving_image_describes_and_measures(images, roots, www):
    with started(images["serve"], roots["serve"]) as emulator:
        answer = emulator.invoke(describe_of())
        validator("describe-response").validate(answer)
        assert answer["sandbox"]["cold"] is True
        subject = subject_of(None, IMAGE, artifact=served(www))
        answer = emulator.invoke(measure_of(subject, optimizer="onnx"))
        validator("measure-response").validate(answer)
        assert answer["subjects"][0]["fetchMs"] > 0
        assert answer["importMs"] > 1
        peak = answer["subjects"][0]["peakMb"]
        assert 30 < peak < 200


def test_converting_image_uploads_what_it_makes(images, roots, www):
    with store() as shop, started(images["convert"], roots["convert"]) as emulator:
        request = {**convert_of(served(www), Path("/unused")), "output": shop.output()}
        answer = emulator.invoke(request)
        validator("convert-response").validate(answer)
        (file,) = answer["files"]
        made = shop.body("slot-0")
        assert hashlib.sha256(made).hexdigest() == file["sha256"] and b"FusedConv" in made
        assert json.loads(shop.body("result")) == answer
