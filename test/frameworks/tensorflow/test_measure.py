"""Nets of the zoo, and other models, through the handler, as a user's request comes in."""

from __future__ import annotations

from pathlib import Path

import app
import numpy as np
import pytest
import tensorflow as tf
from adapter import TensorflowAdapter
from ayci_runtime.inputs import make_inputs
from runtime_requests import ask, describe_of, input_of, measure_of, subject_of
from tensorflow_models import ENTRY, artifact_of, inputs_of, save


def measured(folder: Path, *inputs: dict, **more) -> dict:
    subject = subject_of(artifact_of(folder), *inputs)
    return ask(app.handler, measure_of("tensorflow", "vanilla", subject, **more))


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", ["resnet18", "mobilenet-v2", "bert"])
def test_measures_a_net(zoo: Path, name: str, batch: int) -> None:
    answer = measured(zoo / name, *inputs_of(name, batch), batch=batch)
    (subject,) = answer["subjects"]
    shapes = [[batch, 64, 256], [batch, 256]] if name == "bert" else [[batch, 1000]]
    assert [out["shape"] for out in subject["outputs"]] == shapes
    assert {out["dtype"] for out in subject["outputs"]} == {"float32"}
    assert subject["firstMs"] > 0 and len(subject["stretch"]["samplesMs"]) >= 3
    assert answer["environment"]["versions"]["tensorflow"] == tf.__version__
    assert answer["importMs"] > 0


@pytest.mark.parametrize("name", ["small", "bert"])
def test_answers_what_tensorflow_answers(zoo: Path, tmp_path: Path, name: str) -> None:
    """The adapter against TensorFlow alone; and the answers vary with the seed."""
    model = TensorflowAdapter().load(zoo / name / ENTRY, "vanilla", 1)
    alone = tf.saved_model.load(zoo / name)
    answers = []
    for seed in (5, 6):
        feeds = make_inputs(inputs_of(name, 2), seed, tmp_path)
        outputs = model.tensors(model.bind(feeds)())
        given = {each.name: tf.constant(each.array) for each in feeds}
        expected = alone.signatures["serving_default"](**given)
        assert [each.name for each in outputs] == sorted(expected)
        for each in outputs:
            np.testing.assert_array_equal(each.array, expected[each.name].numpy())
        answers.append(outputs[0].array)
    assert np.abs(answers[0] - answers[1]).max() > 1e-3 * np.abs(answers[0]).max()


def test_serves_what_keras_exports() -> None:
    """By Keras 3's model.export, which alone knew of Keras."""
    folder = Path(__file__).parent / "keras-small"
    answers = [
        measured(folder, input_of("image", "float32", [3, 32, 32, 3]), seed=seed)["subjects"][0]
        for seed in (5, 6)
    ]
    outputs = [{"name": "output_0", "dtype": "float32", "shape": [3, 10]}]
    assert [each["outputs"] for each in answers] == [outputs, outputs]
    assert answers[0]["fingerprint"] != answers[1]["fingerprint"]


def test_describes_dynamic_sizes(zoo: Path) -> None:
    answer = ask(app.handler, describe_of("tensorflow", artifact_of(zoo / "bert")))
    assert answer["inputs"] == [
        {"name": "attention_mask", "dtype": "int64", "dims": [None, 64]},
        {"name": "input_ids", "dtype": "int64", "dims": [None, 64]},
    ]
    assert answer["outputs"] == [
        {"name": "hidden", "dtype": "float32"},
        {"name": "pooled", "dtype": "float32"},
    ]


DTYPES = ["float16", "float32", "float64", "bfloat16", "int8", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("dtype", [*DTYPES, "string"])
def test_feeds_every_dtype(folder: Path, dtype: str) -> None:
    module = tf.Module()
    spec = tf.TensorSpec(None, tf.dtypes.as_dtype(dtype), "x")
    function = tf.function(lambda x: {"same": tf.identity(x)}).get_concrete_function(spec)
    tf.saved_model.save(module, folder, signatures=function)
    described = ask(app.handler, describe_of("tensorflow", artifact_of(folder)))
    assert described["inputs"] == [{"name": "x", "dtype": dtype, "dims": None}]
    given = input_of("x", dtype, [2, 3], "range", low=0, high=2)
    model = TensorflowAdapter().load(folder / ENTRY, "vanilla", 1)
    feeds = make_inputs([given], 5, folder)
    (same,) = model.tensors(model.bind(feeds)())
    assert same.dtype == dtype
    np.testing.assert_array_equal(same.array, feeds[0].array)
    (subject,) = measured(folder, given)["subjects"]
    assert subject["outputs"] == [{"name": "same", "dtype": dtype, "shape": [2, 3]}]


def test_names_what_is_flattened_in_order(folder: Path) -> None:
    """Inputs and outputs come in the order of their names, whatever order they were written in."""

    specs = [tf.TensorSpec([None], tf.float32, name) for name in ("second", "first")]

    @tf.function(input_signature=specs)
    def function(second: tf.Tensor, first: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"quotient": second / first, "difference/of": second - first}

    tf.saved_model.save(tf.Module(), folder, signatures=function)
    answer = ask(app.handler, describe_of("tensorflow", artifact_of(folder)))
    assert [each["name"] for each in answer["inputs"]] == ["first", "second"]
    assert [each["name"] for each in answer["outputs"]] == ["difference/of", "quotient"]
    model = TensorflowAdapter().load(folder / ENTRY, "vanilla", 1)
    feeds = make_inputs(
        [input_of("second", "float32", [3], "ones"), input_of("first", "float32", [3])], 5, folder
    )
    difference, quotient = model.tensors(model.bind(feeds)())
    np.testing.assert_array_equal(difference.array, 1 - feeds[1].array)
    np.testing.assert_allclose(quotient.array, 1 / feeds[1].array, rtol=1e-6)


def test_serves_what_tensorflow_1_saved(folder: Path) -> None:
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], "fed")
        weight = v1.get_variable("weight", initializer=[1.0, 2.0, 3.0, 4.0])
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder), {"x": x}, {"y": x * weight})
    model = TensorflowAdapter().load(folder / ENTRY, "vanilla", 1)
    feeds = make_inputs([input_of("x", "float32", [2, 4])], 5, folder)
    (y,) = model.tensors(model.bind(feeds)())
    np.testing.assert_allclose(y.array, feeds[0].array * [1, 2, 3, 4], rtol=1e-6)


def test_serves_a_table_of_an_asset(folder: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("a\n0\nb\n1\n")
    index = tf.lookup.TextFileIndex
    initializer = tf.lookup.TextFileInitializer(
        str(words), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
    )
    table = tf.lookup.StaticHashTable(initializer, -1)
    module = tf.Module()
    module.table = table
    spec = tf.TensorSpec([None], tf.string, "x")
    function = tf.function(lambda x: {"id": table.lookup(x)}).get_concrete_function(spec)
    tf.saved_model.save(module, folder, signatures=function)
    words.unlink()
    model = TensorflowAdapter().load(folder / ENTRY, "vanilla", 1)
    feeds = make_inputs([input_of("x", "string", [8], "range", low=0, high=3)], 5, folder)
    (ids,) = model.tensors(model.bind(feeds)())
    assert [{"0": 1, "1": 3}.get(each, -1) for each in feeds[0].array] == ids.array.tolist()
    assert len(set(ids.array.tolist())) > 1


def test_takes_one_number_of_threads_in_a_process(folder: Path) -> None:
    with pytest.raises(Exception, match=r"threads: got 2; expected 1.* Ask a new sandbox"):
        measured(save(folder), input_of("x", "float32", [2, 4]), threads=2)
