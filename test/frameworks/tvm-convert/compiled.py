"""What tests of the TVM converter have in common: inputs of the zoo's nets, conversions, answers."""

from __future__ import annotations

from pathlib import Path

import convert_app
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
from serving import served

LENGTH = 64
# Times are of no interest here, and batches of unscheduled code are slow.
ONCE = {
    "warmups": 0,
    "stretchMs": 0,
    "stretchMin": 1,
    "blockMs": 0,
    "minQuads": 0,
    "quadsMs": 0,
}


def inputs_of(name: str, batch: int) -> list[dict]:
    """The input specs of a net of the zoo."""
    if name == "bert":
        ids = input_of("input_ids", "int64", [batch, LENGTH], "range", low=0, high=2000)
        return [ids, input_of("attention_mask", "int64", [batch, LENGTH], "ones")]
    size = 32 if name == "small" else 224
    return [input_of("image", "float32", [batch, 3, size, size])]


def compiled(model: Path, output: Path, *inputs: dict, **more) -> dict:
    """The converter's answer for a model.onnx, model.relax.json or model.tflite."""
    _, _, suffix = model.name.partition(".")
    artifact = artifact_of(model, entry=f"model.{suffix}")
    return ask(convert_app.handler, convert_of("tvm", "tvm", artifact, output, *inputs, **more))


def answers_of_onnx(model: Path, output: Path, *inputs: dict, **more) -> dict:
    """The artifact of what ONNX Runtime answers, in its own environment."""
    artifact = artifact_of(model, entry="model.onnx")
    answer = served("onnx", infer_of("onnx", artifact, output, *inputs, **more))
    return converted(answer, output)


def measured(answer: dict, output: Path, expected: dict, *inputs: dict, **more) -> dict:
    """How the TVM runtime serves a compiled model."""
    subject = subject_of(converted(answer, output), *inputs, expected=expected)
    request = measure_of("tvm", "tvm", subject, **{"timing": ONCE, "deadlineMs": 300_000, **more})
    return served("tvm", request)


def apart(response: dict) -> float:
    """The largest difference, in parts of the largest expected value."""
    (subject,) = response["subjects"]
    return relative_difference(subject["agreement"])
