"""Conversions through the handler, and what their results answer."""

from __future__ import annotations

from pathlib import Path

import convert_app
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from ayci_runtime.errors import ConversionFailed, InvalidInput, InvalidModel
from ayci_runtime.inputs import make_inputs
from ayci_runtime.outputs import read_outputs
from ayci_runtime.tensors import Tensor
from runtime_requests import ask, convert_of, infer_of, input_of
from signature import Signature
from tensorflow_models import VECTOR, artifact_of, inputs_of, run_unchecked, save
from to_onnx import write_onnx

NETS = ["resnet18", "mobilenet-v2", "bert", "small"]
TOLERANCE = 1e-4


def converted(folder: Path, output: Path, *inputs: dict, optimizer: str = "onnx") -> dict:
    request = convert_of("tensorflow", optimizer, artifact_of(folder), output, *inputs)
    return ask(convert_app.handler, request)


def expected(folder: Path, feeds: list[Tensor]) -> dict[str, np.ndarray]:
    signature = tf.saved_model.load(folder).signatures["serving_default"]
    found = signature(**{each.name: tf.constant(each.array) for each in feeds})
    return {name: value.numpy() for name, value in found.items()}


def assert_agree(got: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert sorted(got) == sorted(wanted)
    for name, value in wanted.items():
        assert np.abs(got[name] - value).max() <= TOLERANCE * np.abs(value).max(), name


def assert_differ(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    """So that an agreement means something."""
    for name, value in one.items():
        assert np.abs(value - other[name]).max() > 1e-3 * np.abs(value).max(), name


@pytest.mark.parametrize("name", NETS)
def test_onnx_answers_what_tensorflow_answers(zoo: Path, tmp_path: Path, name: str) -> None:
    """Of any batch, by the names of the signature, for two inputs that give different answers."""
    answer = converted(zoo / name, tmp_path / "out", *inputs_of(name, 1))
    assert answer["entry"] == "model.onnx" and answer["compileMs"] is None
    assert answer["optimizeMs"] > 0
    assert [each["path"] for each in answer["files"]] == ["model.onnx"]
    path = tmp_path / "out" / "model.onnx"
    assert {each.domain: each.version for each in onnx.load(path).opset_import}[""] == 18
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {each.name: each for each in session.get_inputs()}
    assert sorted(inputs) == sorted(each["name"] for each in inputs_of(name, 1))
    assert all(isinstance(each.shape[0], str) for each in inputs.values())
    outputs = [each.name for each in session.get_outputs()]
    answers = []
    for batch, seed in ((1, 5), (3, 5), (3, 6)):
        feeds = make_inputs(inputs_of(name, batch), seed, tmp_path)
        got = session.run(outputs, {each.name: each.array for each in feeds})
        answers.append(dict(zip(outputs, got, strict=True)))
        assert_agree(answers[-1], expected(zoo / name, feeds))
    assert_differ(answers[1], answers[2])


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", NETS)
def test_tflite_answers_what_tensorflow_answers(
    zoo: Path, tmp_path: Path, name: str, batch: int
) -> None:
    """Of one batch; the file's signature has the names."""
    specs = inputs_of(name, batch)
    answer = converted(zoo / name, tmp_path / "out", *specs, optimizer="tvm")
    assert answer["entry"] == "model.tflite"
    with pytest.warns(UserWarning, match="deprecated"):
        interpreter = tf.lite.Interpreter(str(tmp_path / "out" / "model.tflite"))
    shapes = sorted(each["shape"].tolist() for each in interpreter.get_input_details())
    assert shapes == sorted(each["shape"] for each in specs)
    run = interpreter.get_signature_runner("serving_default")
    answers = []
    for seed in (5, 6):
        feeds = make_inputs(specs, seed, tmp_path)
        answers.append(run(**{each.name: each.array for each in feeds}))
        assert_agree(answers[-1], expected(zoo / name, feeds))
    assert_differ(*answers)


def test_infers_what_others_compare_with(zoo: Path, tmp_path: Path) -> None:
    request = infer_of("tensorflow", artifact_of(zoo / "small"), tmp_path, *inputs_of("small", 2))
    answer = ask(convert_app.handler, request)
    told = read_outputs(tmp_path / answer["entry"])
    assert told.varies
    feeds = make_inputs(inputs_of("small", 2), 5, tmp_path)
    np.testing.assert_array_equal(told.tensors[0].array, expected(zoo / "small", feeds)["scores"])


def test_keeps_the_names_of_a_signature(tmp_path: Path) -> None:
    """Inputs that are written in another order than that of their names, odd names of outputs."""

    signature = [tf.TensorSpec([None], tf.float32, name) for name in ("second", "first")]

    @tf.function(input_signature=signature)
    def function(second: tf.Tensor, first: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"quotient": second / first, "difference/of": second - first}

    tf.saved_model.save(tf.Module(), tmp_path / "model", signatures=function)
    specs = [input_of(name, "float32", [3]) for name in ("second", "first")]
    converted(tmp_path / "model", tmp_path / "out", *specs)
    session = onnxruntime.InferenceSession(
        tmp_path / "out" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    feeds = make_inputs(specs, 5, tmp_path)
    names = [each.name for each in session.get_outputs()]
    got = session.run(names, {each.name: each.array for each in feeds})
    assert_agree(dict(zip(names, got, strict=True)), expected(tmp_path / "model", feeds))


def of(folder: Path, call) -> Path:
    """A model of vectors of four: `y` = call(x)."""
    spec = tf.TensorSpec([None, 4], tf.float32, "x")
    function = tf.function(lambda x: {"y": call(x)}).get_concrete_function(spec)
    tf.saved_model.save(tf.Module(), folder, signatures=function)
    return folder


@pytest.mark.parametrize("call", [tf.math.erfc, lambda x: tf.math.erfc(-x * 2), tf.nn.gelu])
def test_writes_erfc(tmp_path: Path, call) -> None:
    folder = of(tmp_path / "model", call)
    converted(folder, tmp_path / "out", VECTOR)
    session = onnxruntime.InferenceSession(
        tmp_path / "out" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    feeds = make_inputs([VECTOR], 5, tmp_path)
    (got,) = session.run(["y"], {"x": feeds[0].array})
    assert_agree({"y": got}, expected(folder, feeds))


@pytest.mark.parametrize(
    ("optimizer", "call", "match"),
    [
        ("onnx", tf.math.erfinv, r"operator Erfinv: not among those that tf2onnx writes as ONNX"),
        (
            "tvm",
            tf.math.erfinv,
            r"operator Erfinv: not among those that TFLite has, by which TVM reads TensorFlow",
        ),
    ],
)
def test_names_the_operator_that_is_refused(
    tmp_path: Path, optimizer: str, call, match: str
) -> None:
    folder = of(tmp_path / "model", call)
    with pytest.raises(ConversionFailed, match=match):
        converted(folder, tmp_path / "out", VECTOR, optimizer=optimizer)


def test_refuses_inputs_that_do_not_fit(tmp_path: Path) -> None:
    folder = of(tmp_path / "model", tf.identity)
    with pytest.raises((InvalidInput, ConversionFailed), match=r"input x: got shape \[2, 5\]"):
        converted(folder, tmp_path / "out", input_of("x", "float32", [2, 5]), optimizer="tvm")


def test_refuses_another_optimizer(tmp_path: Path) -> None:
    folder = of(tmp_path / "model", tf.identity)
    with pytest.raises(Exception, match=r"openvino"):
        converted(folder, tmp_path / "out", VECTOR, optimizer="openvino")


@pytest.mark.parametrize("optimizer", ["onnx", "tvm"])
def test_converts_nothing_hostile(tmp_path: Path, optimizer: str) -> None:
    marker = tmp_path / "written"
    folder = save(tmp_path / "model", lambda: tf.io.write_file(str(marker), "hostile"))
    with pytest.raises(InvalidModel, match=r"operators: got WriteFile"):
        converted(folder, tmp_path / "out", VECTOR, optimizer=optimizer)
    assert not marker.exists()
    run_unchecked(folder)
    assert marker.exists()


def test_refuses_weights_beyond_protobuf(tmp_path: Path) -> None:
    """2.2 GB of them, in memory alone."""
    module = tf.Module()
    module.weight = tf.Variable(tf.zeros([550_000_000]))
    spec = tf.TensorSpec([None, 4], tf.float32, "x")
    function = tf.function(lambda x: {"y": x * module.weight[0]}).get_concrete_function(spec)
    with pytest.raises(ConversionFailed, match=r"weights: got 2200000000 bytes; expected at most"):
        write_onnx(function, Signature([], []), tmp_path / "model.onnx")


def test_converts_what_keras_exports(tmp_path: Path) -> None:
    """Convolutions, normalizations, GELU and attention, by Keras 3's model.export."""
    folder = Path(__file__).parents[1] / "tensorflow" / "keras-small"
    given = input_of("image", "float32", [2, 32, 32, 3])
    answers = []
    for seed in (5, 6):
        feeds = make_inputs([given], seed, tmp_path)
        answers.append(expected(folder, feeds))
    converted(folder, tmp_path / "onnx", given)
    session = onnxruntime.InferenceSession(
        tmp_path / "onnx" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    (got,) = session.run(["output_0"], {"image": feeds[0].array})
    assert_agree({"output_0": got}, answers[1])
    assert_differ(*answers)
    converted(folder, tmp_path / "tvm", given, optimizer="tvm")
    with pytest.warns(UserWarning, match="deprecated"):
        interpreter = tf.lite.Interpreter(str(tmp_path / "tvm" / "model.tflite"))
    run = interpreter.get_signature_runner("serving_default")
    assert_agree(run(image=feeds[0].array), answers[1])
