"""The op 'measure' on real models."""

from __future__ import annotations

import weakref

import nets
import numpy as np
import onnx
import onnxruntime
import pytest
from adapter import OnnxAdapter
from ayci_runtime.errors import InferenceFailed, InvalidInput, InvalidModel, InvalidRequest
from ayci_runtime.handler import make_handler
from requesting import (
    IMAGE,
    TIMING,
    artifact_of,
    ask,
    input_of,
    measure_of,
    new_handler,
    subject_of,
)

IDS = input_of("ids", "int64", [2, 5], "range", low=0, high=50)
MASK = input_of("mask", "int64", [2, 5], "ones")


def pair(one, other, *inputs, **more):
    return [
        subject_of(one, *inputs, **more),
        subject_of(other, *inputs, role="baseline"),
    ]


def test_solo_tells_all(shelf):
    answer = ask(measure_of(subject_of(shelf / "conv.onnx", IMAGE)))
    (subject,) = answer["subjects"]
    assert subject["outputs"] == [{"name": "y", "dtype": "float32", "shape": [2, 10]}]
    assert subject["agreement"] is None and answer["change"] is None
    assert answer["truncated"] is False
    assert answer["importMs"] == 12.5
    assert subject["fetchMs"] > 0 and subject["loadMs"] > 0 and subject["firstMs"] > 0
    # An interpreter with numpy and ONNX Runtime is never smaller.
    assert subject["peakMb"] > 30
    stretch = subject["stretch"]
    assert len(stretch["samplesMs"]) >= TIMING["stretchMin"]
    assert stretch["wallMs"] >= TIMING["stretchMs"]
    assert sum(stretch["samplesMs"]) == pytest.approx(stretch["wallMs"])
    assert [block["role"] for block in answer["blocks"]] == ["candidate"] * 8
    environment = answer["environment"]
    assert environment["threads"] == 1 and environment["cpu"]
    assert environment["versions"]["onnxruntime"] == onnxruntime.__version__


def test_paired_runs_quads_of_both_orders(shelf):
    timing = {**TIMING, "minQuads": 12}
    both = pair(shelf / "conv.onnx", shelf / "conv.onnx", IMAGE)
    answer = ask(measure_of(*both, timing=timing))
    letters = "".join("AB"[block["role"] == "baseline"] for block in answer["blocks"])
    quads = [letters[i : i + 4] for i in range(0, len(letters), 4)]
    assert len(quads) == 12 and set(quads) == {"ABBA", "BAAB"}
    again = ask(measure_of(*both, timing=timing))
    assert [b["role"] for b in again["blocks"]] == [b["role"] for b in answer["blocks"]]
    other = ask(measure_of(*both, timing=timing, seed=6))
    assert [b["role"] for b in other["blocks"]] != [b["role"] for b in answer["blocks"]]


def test_quads_go_on_until_their_time_is_full(shelf):
    timing = {**TIMING, "minQuads": 1, "blockMs": 5, "quadsMs": 100}
    answer = ask(measure_of(subject_of(shelf / "conv.onnx", IMAGE), timing=timing))
    assert len(answer["blocks"]) >= 8
    assert all(block["count"] >= 1 for block in answer["blocks"])


def test_same_model_gives_same_outputs_and_no_change(shelf):
    answer = ask(measure_of(*pair(shelf / "conv.onnx", shelf / "conv.onnx", IMAGE)))
    candidate, baseline = answer["subjects"]
    assert candidate["fingerprint"] == baseline["fingerprint"]
    assert answer["change"]["maxAbsoluteDifference"] == 0
    assert answer["change"]["varies"] is True and answer["change"]["problem"] is None


def test_other_weights_change_outputs(shelf):
    answer = ask(measure_of(*pair(shelf / "conv.onnx", shelf / "other.onnx", IMAGE)))
    candidate, baseline = answer["subjects"]
    assert candidate["fingerprint"] != baseline["fingerprint"]
    assert answer["change"]["maxAbsoluteDifference"] > 1e-3
    assert answer["change"]["maxAbsoluteReference"] > 0


def test_load_order_is_the_requests_and_only_the_first_has_a_peak(shelf):
    both = pair(shelf / "conv.onnx", shelf / "other.onnx", IMAGE)
    for subjects in (both, both[::-1]):
        answer = ask(measure_of(*subjects))
        assert [s["role"] for s in answer["subjects"]] == [s["role"] for s in subjects]
        first, second = answer["subjects"]
        assert first["peakMb"] > 30 and second["peakMb"] is None


def test_change_is_relative_to_the_baseline(tmp_path):
    ten = nets.binary(tmp_path / "ten.onnx", "Mul", np.float32(10).reshape(1))
    one = nets.binary(tmp_path / "one.onnx", "Mul", np.float32(1).reshape(1))
    ones = input_of("x", "float32", [1, 4], "ones")
    both = pair(ten, one, ones)
    for subjects in (both, both[::-1]):
        change = ask(measure_of(*subjects))["change"]
        assert change["maxAbsoluteDifference"] == 9
        assert change["maxAbsoluteReference"] == 1
        # All ones in, all ones out: such an agreement would prove nothing.
        assert change["varies"] is False


def test_outputs_of_other_shapes_are_a_problem(tmp_path):
    thin = nets.binary(tmp_path / "thin.onnx", "Mul", np.ones(4, np.float32))
    tall = nets.binary(tmp_path / "tall.onnx", "Mul", np.ones((3, 1, 4), np.float32))
    change = ask(measure_of(*pair(tall, thin, input_of("x", "float32", [1, 4]))))["change"]
    assert change["maxAbsoluteDifference"] is None
    assert "[1, 4]" in change["problem"] and "[3, 1, 4]" in change["problem"]


def test_nan_in_the_same_place_is_equal_elsewhere_a_problem(tmp_path):
    zero = nets.binary(tmp_path / "zero.onnx", "Div", np.float32([1, 1, 1, 0]))
    same = ask(measure_of(*pair(zero, zero, input_of("x", "float32", [1, 4], "zeros"))))
    assert same["change"]["maxAbsoluteDifference"] == 0
    assert same["change"]["maxAbsoluteReference"] == 0
    one = nets.binary(tmp_path / "one.onnx", "Div", np.float32([1, 1, 1, 1]))
    other = ask(measure_of(*pair(zero, one, input_of("x", "float32", [1, 4], "zeros"))))
    assert other["change"]["maxAbsoluteDifference"] is None
    assert "NaN" in other["change"]["problem"]


def test_two_outputs_of_ids_and_mask(shelf):
    answer = ask(measure_of(subject_of(shelf / "embedding.onnx", IDS, MASK)))
    assert answer["subjects"][0]["outputs"] == [
        {"name": "pooled", "dtype": "float32", "shape": [2, 8]},
        {"name": "count", "dtype": "int64", "shape": [2, 1]},
    ]


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (3, 17)])
def test_batch_and_length_are_the_requests(shelf, batch, length):
    inputs = [{**spec, "shape": [batch, length]} for spec in (IDS, MASK)]
    answer = ask(measure_of(subject_of(shelf / "embedding.onnx", *inputs), batch=batch))
    assert [out["shape"] for out in answer["subjects"][0]["outputs"]] == [[batch, 8], [batch, 1]]


def test_optimized_agrees_with_its_reference(shelf):
    reference = artifact_of(shelf / "conv.onnx")
    subject = subject_of(shelf / "conv.onnx", IMAGE, reference=reference)
    answer = ask(measure_of(subject, optimizer="onnx"))
    agreement = answer["subjects"][0]["agreement"]
    assert agreement["problem"] is None and agreement["varies"] is True
    assert agreement["maxAbsoluteDifference"] <= 1e-4 * agreement["maxAbsoluteReference"]


def test_wrong_conversion_disagrees_with_its_reference(shelf):
    reference = artifact_of(shelf / "other.onnx")
    subject = subject_of(shelf / "conv.onnx", IMAGE, reference=reference)
    agreement = ask(measure_of(subject))["subjects"][0]["agreement"]
    assert agreement["maxAbsoluteDifference"] > 1e-3 * agreement["maxAbsoluteReference"]


def test_reference_that_does_not_load_is_a_problem_not_a_failure(shelf, tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    subject = subject_of(shelf / "conv.onnx", IMAGE, reference=artifact_of(bad))
    agreement = ask(measure_of(subject))["subjects"][0]["agreement"]
    assert agreement["maxAbsoluteDifference"] is None
    assert "InvalidModel" in agreement["problem"]
    assert str(tmp_path) not in agreement["problem"]


def test_reference_loads_when_the_timed_models_are_gone(shelf):
    alive: list[weakref.ref] = []
    counts: list[int] = []

    class Counting(OnnxAdapter):
        def load(self, path, optimizer, threads):
            counts.append(sum(ref() is not None for ref in alive))
            model = super().load(path, optimizer, threads)
            alive.append(weakref.ref(model))
            return model

    both = pair(shelf / "conv.onnx", shelf / "other.onnx", IMAGE)
    both[0]["reference"] = artifact_of(shelf / "conv.onnx")
    both[1]["reference"] = artifact_of(shelf / "other.onnx")
    ask(measure_of(*both), make_handler(Counting(), 1.0))
    assert counts == [0, 1, 0, 0]


def test_outputs_that_do_not_follow_inputs_do_not_vary(tmp_path):
    still = nets.binary(tmp_path / "still.onnx", "Mul", np.zeros(4, np.float32))
    noise = input_of("x", "float32", [1, 4])
    assert ask(measure_of(*pair(still, still, noise)))["change"]["varies"] is False


def test_deadline_cuts_the_timing_short(shelf):
    timing = {**TIMING, "stretchMs": 60_000, "quadsMs": 60_000}
    subject = subject_of(shelf / "conv.onnx", IMAGE)
    answer = ask(measure_of(subject, timing=timing, deadlineMs=1500))
    assert answer["truncated"] is True
    assert len(answer["subjects"][0]["stretch"]["samplesMs"]) > 0
    assert len(answer["blocks"]) % 4 == 0


def test_no_time_at_all_still_answers_what_there_is(shelf):
    both = pair(shelf / "conv.onnx", shelf / "other.onnx", IMAGE)
    both[0]["reference"] = artifact_of(shelf / "conv.onnx")
    answer = ask(measure_of(*both, deadlineMs=0.001))
    (subject,) = answer["subjects"]
    assert answer["truncated"] is True and answer["blocks"] == []
    assert subject["stretch"]["samplesMs"] == []
    assert "deadline" in subject["agreement"]["problem"]


def test_lambdas_own_time_out_is_kept(shelf):
    class Context:
        def get_remaining_time_in_millis(self):
            return 2100

    timing = {**TIMING, "quadsMs": 60_000}
    answer = ask(measure_of(subject_of(shelf / "conv.onnx", IMAGE), timing=timing), None, Context())
    assert answer["truncated"] is True


def test_sandbox_is_cold_once_and_counts(shelf):
    handler = new_handler()
    request = measure_of(subject_of(shelf / "conv.onnx", IMAGE))
    first, second = (ask(request, handler)["sandbox"] for _ in range(2))
    assert first["cold"] is True and first["requests"] == 1
    assert second["cold"] is False and second["requests"] == 2
    assert first["id"] == second["id"]
    assert ask(request)["sandbox"]["id"] != first["id"]


def test_retired_sandbox_takes_no_further_request(shelf):
    handler = new_handler()
    request = measure_of(subject_of(shelf / "conv.onnx", IMAGE), retire=True)
    assert ask(request, handler)["sandbox"]["retired"] is True
    with pytest.raises(InvalidRequest, match="retired"):
        handler(request, None)


def test_sandbox_that_fails_its_last_request_is_retired_too(shelf):
    handler = new_handler()
    wrong = measure_of(subject_of(shelf / "conv.onnx", MASK), retire=True)
    with pytest.raises(InvalidInput):
        handler(wrong, None)
    with pytest.raises(InvalidRequest, match="retired"):
        handler(measure_of(subject_of(shelf / "conv.onnx", IMAGE)), None)


def test_what_is_no_model_is_invalid_and_tells_no_path(tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    with pytest.raises(InvalidModel) as caught:
        new_handler()(measure_of(subject_of(bad, IMAGE)), None)
    assert str(tmp_path) not in str(caught.value) and "\n" not in str(caught.value)


def test_unknown_operator_is_an_invalid_model(tmp_path, shelf):
    model = onnx.load(shelf / "conv.onnx")
    model.graph.node[1].domain = "com.example"
    model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
    onnx.save(model, tmp_path / "custom.onnx")
    with pytest.raises(InvalidModel, match=r"com\.example"):
        new_handler()(measure_of(subject_of(tmp_path / "custom.onnx", IMAGE)), None)


def test_failing_run_is_inference_failed_and_the_sandbox_goes_on(shelf):
    handler = new_handler()
    outside = input_of("ids", "int64", [2, 5], "range", low=900, high=901)
    with pytest.raises(InferenceFailed, match="Gather") as caught:
        handler(measure_of(subject_of(shelf / "embedding.onnx", outside, MASK)), None)
    assert "/onnxruntime_src" not in str(caught.value)
    assert ask(measure_of(subject_of(shelf / "embedding.onnx", IDS, MASK)), handler)


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        [IMAGE, IMAGE],
        [{**IMAGE, "name": "z"}],
        [{**IMAGE, "dtype": "float64"}],
        [{**IMAGE, "shape": [2, 3, 24]}],
        [{**IMAGE, "shape": [2, 4, 24, 24]}],
        [IMAGE, MASK],
    ],
)
def test_inputs_that_the_model_does_not_take_are_refused(shelf, inputs):
    with pytest.raises(InvalidInput):
        new_handler()(measure_of(subject_of(shelf / "conv.onnx", *inputs)), None)


@pytest.mark.parametrize(
    "dtype",
    [
        *("float32", "float64", "float16", "bfloat16", "bool", "string"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    ],
)
def test_every_element_type_goes_in_and_comes_out(tmp_path, dtype):
    path = nets.identity(tmp_path / "model.onnx", dtype)
    random = input_of("x", dtype, [8, 4])
    answer = ask(measure_of(*pair(path, path, random)))
    candidate, baseline = answer["subjects"]
    assert candidate["outputs"] == [{"name": "y", "dtype": dtype, "shape": [8, 4]}]
    assert candidate["fingerprint"] == baseline["fingerprint"]
    # Strings have no distance, but they can be seen to change.
    assert answer["change"]["varies"] is True
    assert answer["change"]["maxAbsoluteDifference"] == 0
    other = ask(measure_of(subject_of(path, random), seed=99))
    assert other["subjects"][0]["fingerprint"] != candidate["fingerprint"]


def test_bfloat16_is_computed_with(tmp_path):
    path = nets.widened(tmp_path / "model.onnx")
    fours = input_of("x", "bfloat16", [1, 4], "range", low=4, high=4.001)
    answer = ask(measure_of(*pair(path, path, fours)))
    assert answer["change"]["maxAbsoluteReference"] == 4
    assert answer["subjects"][0]["outputs"][0]["dtype"] == "float32"


def test_output_of_maps_is_told_by_parts(tmp_path):
    nodes = [
        onnx.helper.make_node(
            "ZipMap", ["x"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[4, 5]
        )
    ]
    one = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 2])
    value = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, [])
    kind = onnx.helper.make_sequence_type_proto(
        onnx.helper.make_map_type_proto(onnx.TensorProto.INT64, value)
    )
    graph = onnx.helper.make_graph(nodes, "zip", [one], [onnx.helper.make_value_info("y", kind)])
    opsets = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("ai.onnx.ml", 1)]
    path = tmp_path / "zip.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    both = pair(path, path, input_of("x", "float32", [3, 2]))
    answer = ask(measure_of(*both))
    outputs = answer["subjects"][0]["outputs"]
    assert [each["name"] for each in outputs[:2]] == ["y[0].keys", "y[0].values"]
    assert len(outputs) == 6 and outputs[1]["shape"] == [2]
    assert answer["change"]["varies"] is True
