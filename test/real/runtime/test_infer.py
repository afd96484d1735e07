"""The op 'infer', and comparing with what it wrote."""

from __future__ import annotations

import json

import nets
import numpy as np
import pytest
from ayci_runtime.errors import ArtifactMismatch, InvalidInput, InvalidModel
from ayci_runtime.outputs import in_order_of, read_outputs
from ayci_runtime.tensors import Tensor
from requesting import IMAGE, artifact_of, ask, infer_of, measure_of, new_handler, subject_of
from runtime_requests import converted, input_of


def expected_of(path, folder, *inputs, **more):
    return converted(
        ask(infer_of(artifact_of(path), folder, *(inputs or (IMAGE,)), **more)), folder
    )


def agreement_of(path, expected, *inputs, **more):
    subject = subject_of(path, *(inputs or (IMAGE,)), expected=expected)
    return ask(measure_of(subject, **more))["subjects"][0]["agreement"]


def test_the_same_model_and_seed_agree_to_the_bit(shelf, tmp_path):
    expected = expected_of(shelf / "conv.onnx", tmp_path)
    agreement = agreement_of(shelf / "conv.onnx", expected)
    assert agreement["maxAbsoluteDifference"] == 0 and agreement["varies"] is True
    assert agreement["maxAbsoluteReference"] > 0 and agreement["problem"] is None


@pytest.mark.parametrize("which", ["seed", "model"])
def test_other_outputs_differ(shelf, tmp_path, which):
    expected = expected_of(shelf / "conv.onnx", tmp_path)
    other = {"seed": ("conv.onnx", {"seed": 6}), "model": ("other.onnx", {})}[which]
    agreement = agreement_of(shelf / other[0], expected, **other[1])
    assert agreement["maxAbsoluteDifference"] > 0.01 * agreement["maxAbsoluteReference"]


def test_integers_and_two_inputs(shelf, tmp_path):
    ids = input_of("ids", "int64", [2, 5], "range", low=0, high=10)
    fed = (ids, input_of("mask", "int64", [2, 5], "ones"))
    expected = expected_of(shelf / "embedding.onnx", tmp_path, *fed)
    assert agreement_of(shelf / "embedding.onnx", expected, *fed)["maxAbsoluteDifference"] == 0


def test_what_is_no_list_of_outputs_is_a_problem_and_never_unpickled(shelf, tmp_path):
    expected_of(shelf / "conv.onnx", tmp_path)
    told = json.loads((tmp_path / "outputs.json").read_text())
    np.save(tmp_path / "0.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ArtifactMismatch):
        read_outputs(tmp_path / "outputs.json")
    for wrong in ({}, {**told, "schema": 2}, {**told, "tensors": [{"name": "x"}]}, [], "x"):
        (tmp_path / "outputs.json").write_text(json.dumps(wrong))
        with pytest.raises(ArtifactMismatch):
            read_outputs(tmp_path / "outputs.json")
    told["tensors"][0]["file"] = "../0.npy"
    (tmp_path / "outputs.json").write_text(json.dumps(told))
    agreement = agreement_of(shelf / "conv.onnx", artifact_of(tmp_path / "outputs.json", entry="o"))
    assert "ArtifactMismatch" in agreement["problem"]


def test_outputs_are_paired_by_name_where_the_names_are_the_same():
    a, b = (Tensor(name, "float32", np.zeros(1)) for name in "ab")
    c = Tensor("c", "float32", np.zeros(1))
    assert in_order_of([b, a], [a, b]) == [a, b]
    assert in_order_of([b, c], [a, b]) == [b, c]


def test_errors_are_typed(shelf, tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    with pytest.raises(InvalidModel):
        new_handler()(infer_of(artifact_of(bad), tmp_path / "one", IMAGE), None)
    other = input_of("y", "float32", [1])
    with pytest.raises(InvalidInput):
        request = infer_of(artifact_of(shelf / "conv.onnx"), tmp_path / "two", other)
        new_handler()(request, None)


def test_texts_come_back_as_they_were(tmp_path):
    path = nets.identity(tmp_path / "texts.onnx", "string", "Identity")
    words = input_of("x", "string", [3, 4])
    assert agreement_of(path, expected_of(path, tmp_path / "out", words), words)["problem"] is None
