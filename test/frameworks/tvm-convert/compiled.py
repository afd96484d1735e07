"""What tests of the TVM converter share: inputs of the zoo's nets, conversions, answers."""

from __future__ import annotations

from pathlib import Path

import convert_app
from other_runtimes import answered
from runtime_requests import (
    artifact_of,
    ask,
    convert_of,
    converted,
    infer_of,
    input_of,
    measure_of,
    relative_difference,
    subject_of,
)

LENGTH = 64
# Times are of no interest here.
ONCE = {
    "warmups": 0,
    "stretchMs": 0,
    "stretchMin": 1,
    "blockMs": 0,
    "minQuads": 0,
    "quadsMs": 0,
}


def inputs_of(name: str, batch: int) -> list[dict]:
    """The input specs of a net of the zoo, whose images are NCHW."""
    if name == "bert":
        ids = input_of("input_ids", "int64", [batch, LENGTH], "range", low=0, high=2000)
        return [ids, input_of("attention_mask", "int64", [batch, LENGTH], "ones")]
    size = 32 if name == "small" else 224
    return [input_of("image", "float32", [batch, 3, size, size])]


def onnx_artifact(model: Path, *weights: Path) -> dict:
    return artifact_of(model, *weights, entry="model.onnx")


def compiled(artifact: dict, output: Path, *inputs: dict, **more) -> dict:
    """The converter's answer; what it wrote is in `output`."""
    return ask(convert_app.handler, convert_of("tvm", "tvm", artifact, output, *inputs, **more))


def answers_of(name: str, artifact: dict, output: Path, *inputs: dict, **more) -> dict:
    """The artifact of what a framework answers to an unconverted model, in environment `name`."""
    framework = name.removesuffix("-convert")
    answer = answered(name, infer_of(framework, artifact, output, *inputs, **more))
    return converted(answer, output)


def measure(answer: dict, output: Path, expected: dict, *inputs: dict, **more) -> dict:
    """The request to serve a compiled model."""
    subject = subject_of(converted(answer, output), *inputs, expected=expected)
    return measure_of("tvm", "tvm", subject, **{"timing": ONCE, "deadlineMs": 300_000, **more})


def apart(response: dict) -> float:
    """The largest difference, in parts of the largest expected value."""
    (subject,) = response["subjects"]
    return relative_difference(subject["agreement"])
