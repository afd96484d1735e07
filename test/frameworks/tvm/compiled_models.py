"""Models that the TVM converter made, in its own environment."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from other_runtimes import answered, write_zoo
from runtime_requests import artifact_of, convert_of, infer_of, input_of, measure_of, subject_of


@dataclass(frozen=True)
class Compiled:
    """Where model.so and model.json lie, what they take, and what ONNX Runtime answers to it."""

    folder: Path
    image: dict
    expected: dict

    def artifact(self) -> dict:
        return artifact_of(self.folder / "model.so", self.folder / "model.json")

    def request(self, **more) -> dict:
        subject = subject_of(self.artifact(), self.image, expected=self.expected)
        return measure_of("tvm", "tvm", subject, **more)

    def copied(self, folder: Path) -> Compiled:
        shutil.copytree(self.folder, folder)
        return Compiled(folder, self.image, self.expected)

    def change(self, **fields: object) -> None:
        """Of model.json."""
        path = self.folder / "model.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def compile_net(folder: Path, name: str, dtype: str, shape: list[int]) -> Compiled:
    """A net of the zoo with one input, `image`."""
    write_zoo(folder / "zoo", "onnx", "onnx-convert", name)
    artifact = artifact_of(folder / "zoo" / f"{name}.onnx", entry="model.onnx")
    image, made, expected = input_of("image", dtype, shape), folder / "made", folder / "expected"
    answered("tvm-convert", convert_of("tvm", "tvm", artifact, made, image))
    answered("onnx", infer_of("onnx", artifact, expected, image))
    files = artifact_of(expected / "outputs.json", *sorted(expected.glob("*.npy")))
    return Compiled(made, image, files)
