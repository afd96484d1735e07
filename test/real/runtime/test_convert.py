"""The op 'convert'."""

from __future__ import annotations

import nets
import onnx
import pytest
from ayci_runtime.errors import ConversionFailed, InvalidModel, InvalidRequest
from convert import is_external, write_optimized
from requesting import (
    IMAGE,
    artifact_of,
    ask,
    convert_of,
    file_of,
    measure_of,
    new_handler,
    subject_of,
)


def operators(path):
    return [(node.domain, node.op_type) for node in onnx.load(path).graph.node]


def test_converted_model_is_fused_and_bound_to_no_cpu(shelf, tmp_path):
    answer = ask(convert_of(artifact_of(shelf / "conv.onnx"), tmp_path / "new"))
    assert answer["entry"] == "model.onnx"
    made = tmp_path / "new" / "model.onnx"
    assert answer["files"] == [{key: value for key, value in file_of(made).items() if key != "url"}]
    assert answer["optimizeMs"] > 0 and answer["compileMs"] is None
    found = operators(made)
    assert ("com.microsoft", "FusedConv") in found
    assert len(found) < len(operators(shelf / "conv.onnx"))
    assert not any("nchwc" in domain for domain, _ in found)


def test_converted_model_is_measured_and_agrees(shelf, tmp_path):
    reference = artifact_of(shelf / "conv.onnx")
    ask(convert_of(reference, tmp_path))
    subject = subject_of(tmp_path / "model.onnx", IMAGE, reference=reference)
    agreement = ask(measure_of(subject, optimizer="onnx"))["subjects"][0]["agreement"]
    assert agreement["problem"] is None and agreement["varies"] is True
    assert agreement["maxAbsoluteDifference"] <= 1e-4 * agreement["maxAbsoluteReference"]


def test_external_data_comes_along(tmp_path):
    path = nets.conv_net(
        tmp_path / "in" / "net.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=64,
    )
    reference = artifact_of(path, path.parent / "weights.bin", entry="deep/net.onnx")
    reference["files"][1]["path"] = "deep/weights.bin"
    answer = ask(convert_of(reference, tmp_path / "out"))
    assert [file["path"] for file in answer["files"]] == ["net.onnx", "net.onnx.data"]
    made = tmp_path / "out" / "net.onnx"
    weights = onnx.load(made, load_external_data=False).graph.initializer
    stored = [each for each in weights if each.data_location == onnx.TensorProto.EXTERNAL]
    places = [entry.value for each in stored for entry in each.external_data]
    assert len(weights) == 5 and stored and "weights.bin" not in places
    # Nothing of the original is needed any more.
    (path.parent / "weights.bin").unlink()
    converted = artifact_of(made, made.with_name("net.onnx.data"), entry="net.onnx")
    inline = nets.conv_net(tmp_path / "inline.onnx")
    subject = subject_of(None, IMAGE, artifact=converted, reference=artifact_of(inline))
    agreement = ask(measure_of(subject, optimizer="onnx"))["subjects"][0]["agreement"]
    assert agreement["maxAbsoluteDifference"] <= 1e-4 * agreement["maxAbsoluteReference"]


def test_weights_of_a_large_model_stay_external(shelf, tmp_path):
    assert [is_external(sizes) for sizes in ([1 << 20], [1, 1], [3 << 29])] == [False, True, True]
    for name in ("inside", "outside"):
        (tmp_path / name).mkdir()
    inside, outside = tmp_path / "inside" / "m.onnx", tmp_path / "outside" / "m.onnx"
    write_optimized(shelf / "conv.onnx", inside, external=False)
    write_optimized(shelf / "conv.onnx", outside, external=True)
    assert [path.name for path in inside.parent.iterdir()] == ["m.onnx"]
    assert outside.stat().st_size < inside.stat().st_size
    data = outside.with_name("m.onnx.data")
    assert data.stat().st_size > 1024
    artifact = artifact_of(outside, data, entry="m.onnx")
    one = subject_of(None, IMAGE, artifact=artifact)
    other = subject_of(inside, IMAGE)
    prints = [ask(measure_of(each))["subjects"][0]["fingerprint"] for each in (one, other)]
    assert prints[0] == prints[1]


def test_what_is_no_model_is_invalid(tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    with pytest.raises(InvalidModel) as caught:
        new_handler()(convert_of(artifact_of(bad), tmp_path / "out"), None)
    assert str(tmp_path) not in str(caught.value)


def test_model_that_loads_but_cannot_be_optimized(tmp_path):
    path = nets.unfoldable(tmp_path / "model.onnx")
    with pytest.raises(ConversionFailed, match="dimensions") as caught:
        new_handler()(convert_of(artifact_of(path), tmp_path / "out"), None)
    assert str(tmp_path) not in str(caught.value)


def test_vanilla_converts_nothing(shelf, tmp_path):
    request = convert_of(artifact_of(shelf / "conv.onnx"), tmp_path, optimizer="vanilla")
    with pytest.raises(InvalidRequest, match="optimizer"):
        new_handler()(request, None)


def test_output_folder_must_be_an_empty_one_of_this_machine(shelf, tmp_path):
    artifact = artifact_of(shelf / "conv.onnx")
    (tmp_path / "kept").write_text("kept")
    file = tmp_path / "kept" / "below"
    for output in (tmp_path.as_uri(), file.as_uri(), "https://host/x", "file:///tmp/../x"):
        with pytest.raises(InvalidRequest):
            new_handler()({**convert_of(artifact, tmp_path), "output": output}, None)
    assert (tmp_path / "kept").read_text() == "kept"
