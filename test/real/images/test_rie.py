"""The ONNX runtime in AWS's own loop, a second opinion beside AYCI's embedded Lambda."""

from __future__ import annotations

import sys

import nets
import pytest
from parts import RUNTIMES
from requesting import IMAGE, artifact_of, describe_of, measure_of, subject_of, validator
from rie import rie


@pytest.fixture(scope="module")
def emulator():
    environment = {
        "PYTHONPATH": str(RUNTIMES / "common"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "90",
    }
    command = [sys.executable, "-m", "awslambdaric", "app.handler"]
    with rie(command, environment, RUNTIMES / "onnx") as running:
        yield running


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return nets.conv_net(tmp_path_factory.mktemp("rie") / "model.onnx")


def test_it_describes(emulator, model):
    answer = emulator.invoke(describe_of(artifact=artifact_of(model)))
    validator("describe-response").validate(answer)
    assert answer["inputs"][0]["dims"] == ["n", 3, 24, 24]


def test_it_measures_and_says_what_failed(emulator, model, tmp_path):
    answer = emulator.invoke(measure_of(subject_of(model, IMAGE)))
    validator("measure-response").validate(answer)
    assert answer["nonce"] == "nonce-1" and answer["subjects"][0]["firstMs"] > 0
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    failed = emulator.invoke(measure_of(subject_of(bad, IMAGE)))
    assert failed["errorType"] == "InvalidModel"
    named = measure_of(subject_of(bad, IMAGE), notIn=[answer["sandbox"]["id"]])
    excluded = emulator.invoke(named)
    validator("excluded-response").validate(excluded)
    assert excluded["sandbox"]["id"] == answer["sandbox"]["id"]
