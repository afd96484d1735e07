"""Nets of the zoo through the handler, as a user's request comes in."""

from __future__ import annotations

from pathlib import Path

import app
import numpy as np
import pytest
import torch
from pytorch_models import inputs_of
from runtime_requests import artifact_of, ask, describe_of, measure_of, subject_of

FORMATS = {".pt2": "model.pt2", ".pt": "model.pt"}


def measured(path: Path, name: str, batch: int, **more) -> dict:
    artifact = artifact_of(path, entry=FORMATS[path.suffix])
    subject = subject_of(artifact, *inputs_of(name, batch), reference=artifact)
    return ask(app.handler, measure_of("pytorch", "vanilla", subject, batch=batch, **more))


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["resnet18", "mobilenet-v2", "bert"])
def test_measures_a_net(zoo: Path, name: str, suffix: str, batch: int) -> None:
    answer = measured(zoo / f"{name}{suffix}", name, batch)
    (subject,) = answer["subjects"]
    shapes = [[batch, 64, 256], [batch, 256]] if name == "bert" else [[batch, 1000]]
    assert [out["shape"] for out in subject["outputs"]] == shapes
    assert {out["dtype"] for out in subject["outputs"]} == {"float32"}
    assert subject["firstMs"] > 0 and len(subject["stretch"]["samplesMs"]) >= 3
    assert answer["environment"]["versions"]["torch"] == torch.__version__
    assert answer["importMs"] > 0


@pytest.mark.parametrize("name", ["small", "bert"])
def test_both_formats_answer_alike(zoo: Path, name: str) -> None:
    """Of one net, fed the same; and the answers vary with the seed."""
    outputs = {}
    for suffix in FORMATS:
        for seed in (5, 6):
            answer = measured(zoo / f"{name}{suffix}", name, 2, seed=seed)
            outputs[suffix, seed] = answer["subjects"][0]["fingerprint"]
    assert outputs[".pt2", 5] == outputs[".pt", 5] != outputs[".pt2", 6]


def test_measures_two_subjects_against_each_other(zoo: Path) -> None:
    sides = [("candidate", ".pt2"), ("baseline", ".pt")]
    subjects = [
        subject_of(
            artifact_of(zoo / f"small{suffix}", entry=FORMATS[suffix]),
            *inputs_of("small", 2),
            role=role,
        )
        for role, suffix in sides
    ]
    answer = ask(app.handler, measure_of("pytorch", "vanilla", *subjects, batch=2))
    assert answer["change"]["varies"] is True
    assert (
        answer["change"]["maxAbsoluteDifference"] <= 1e-5 * answer["change"]["maxAbsoluteReference"]
    )
    assert {each["role"] for each in answer["blocks"]} == {"candidate", "baseline"}


def test_describes_an_exported_program(zoo: Path) -> None:
    artifact = artifact_of(zoo / "bert.pt2", entry="model.pt2")
    answer = ask(app.handler, describe_of("pytorch", artifact))
    ids, mask = answer["inputs"]
    assert (ids["name"], ids["dtype"], ids["dims"][1:]) == ("input_ids", "int64", [64])
    assert mask["name"] == "attention_mask"
    # One symbol for the batch of both.
    assert isinstance(ids["dims"][0], str) and ids["dims"][0] == mask["dims"][0]
    assert answer["outputs"] == [
        {"name": "output[0]", "dtype": "float32"},
        {"name": "output[1]", "dtype": "float32"},
    ]


def test_describes_torchscript(zoo: Path) -> None:
    artifact = artifact_of(zoo / "bert.pt", entry="model.pt")
    answer = ask(app.handler, describe_of("pytorch", artifact))
    assert answer["inputs"] == [
        {"name": "input_ids", "dtype": None, "dims": None},
        {"name": "attention_mask", "dtype": None, "dims": None},
    ]
    assert [out["name"] for out in answer["outputs"]] == ["output[0]", "output[1]"]


def test_threads_are_those_of_the_request(zoo: Path) -> None:
    measured(zoo / "small.pt", "small", 1, threads=2)
    assert torch.get_num_threads() == 2
    measured(zoo / "small.pt", "small", 1, threads=1)
    assert (torch.get_num_threads(), torch.get_num_interop_threads()) == (1, 1)


def test_answers_what_torch_answers(zoo: Path) -> None:
    """The adapter against torch alone."""
    from adapter import PytorchAdapter
    from ayci_runtime.tensors import Tensor

    model = PytorchAdapter().load(zoo / "small.pt2", "vanilla", 1)
    values = np.random.default_rng(1).standard_normal((3, 3, 32, 32), dtype=np.float32)
    (found,) = model.tensors(model.bind([Tensor("image", "float32", values)])())
    with torch.no_grad():
        expected = torch.jit.load(zoo / "small.pt")(torch.from_numpy(values)).numpy()
    assert found.name == "output"
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found.array, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
