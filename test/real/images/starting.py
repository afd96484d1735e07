"""Images, started as Lambda starts them, and the requests that they are tried with."""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from pathlib import Path

import zoo
from images import Image
from puts import store
from requesting import validator
from rie import Rie, rie
from runtime_requests import convert_of, measure_of, subject_of

COMPILED = ("tvm", "openvino")


def started(image: Image, root: Path, **more: str) -> AbstractContextManager[Rie]:
    """A running function of an image whose root file system is mounted; `more`: its environment."""
    environment = {**image.environment, "AWS_LAMBDA_FUNCTION_TIMEOUT": "90", **more}
    return rie(image.command, environment, image.folder, root)


def measured(runtime: str, emulator: Rie, artifact: dict) -> dict:
    """A valid answer to a cold `measure` request for the zoo's small net."""
    fed = zoo.INPUTS.get(runtime, zoo.IMAGE)
    optimizer = runtime if runtime in COMPILED else "vanilla"
    answer = emulator.invoke(measure_of(runtime, optimizer, subject_of(artifact, fed)))
    assert "errorMessage" not in answer, answer
    validator("measure-response").validate(answer)
    assert answer["sandbox"]["cold"] is True
    (subject,) = answer["subjects"]
    assert subject["outputs"][0]["shape"][0] == 1 and subject["stretch"]["samplesMs"]
    return answer


def converted(runtime: str, optimizer: str, emulator: Rie, artifact: dict, **more: str) -> dict:
    """A valid answer to a `convert` request, after what it made was uploaded as it says."""
    fed = zoo.INPUTS.get(runtime, zoo.IMAGE)
    request = convert_of(runtime, optimizer, artifact, Path("/unused"), fed, **more)
    with store() as shop:
        answer = emulator.invoke({**request, "output": shop.output()})
        assert "errorMessage" not in answer, answer
        validator("convert-response").validate(answer)
        for slot, file in enumerate(answer["files"]):
            assert hashlib.sha256(shop.body(f"slot-{slot}")).hexdigest() == file["sha256"]
        assert json.loads(shop.body("result")) == answer
    return answer
