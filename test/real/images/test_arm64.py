"""The images of arm64, built and started as those of this machine: on another one qemu plays an AWS Graviton2."""

from __future__ import annotations

from pathlib import Path

import pytest
import zoo
from images import ARM64, build, mounted
from starting import converted, measured, started

CPU = {"QEMU_CPU": "neoverse-n1"}
OWN = {"pytorch": Path(__file__).with_name("own-torch-arm64.txt")}


@pytest.fixture(scope="module")
def models(unconverted, www):
    folder, _ = www
    return unconverted | zoo.compiled(unconverted["onnx"], folder, "arm64")


@pytest.mark.parametrize("runtime", ["onnx", "pytorch", "tensorflow", "mxnet", "tvm", "openvino"])
def test_serving_image_measures(runtime, models, www):
    image = build(runtime, "serve", OWN.get(runtime), ARM64)
    assert image.architecture == "arm64"
    with mounted(image) as root, started(image, root, **CPU) as emulator:
        measured(runtime, emulator, zoo.published(models[runtime], www))


def test_openvino_finds_cpus_that_lambda_does_not_tell():
    with mounted(build("openvino", "serve", machine=ARM64)) as root:
        folder = root / "sys/devices/system/cpu"
        assert (folder / "online").read_text() == "0-5\n"
        masks = [(folder / f"cpu{cpu}/topology/core_cpus").read_text() for cpu in range(6)]
    assert [int(mask, 16) for mask in masks] == [1, 2, 4, 8, 16, 32]


def test_onnx_is_optimized_where_it_is_served(models, www):
    image = build("onnx", "convert", machine=ARM64)
    with mounted(image) as root, started(image, root, **CPU) as emulator:
        artifact = zoo.published(models["onnx"], www)
        answer = converted("onnx", "onnx", emulator, artifact, hardware="arm64")
        assert answer["entry"] == "model.onnx"


def test_its_programs_are_those_of_arm64():
    with mounted(build("onnx", "serve", machine=ARM64)) as root:
        python = (root / "usr/bin/python3").resolve().name
        head = (root / "usr/bin" / python).read_bytes()[:20]
    # EM_AARCH64 of the ELF's head.
    assert int.from_bytes(head[18:20], "little") == 183
