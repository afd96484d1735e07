"""Nets of the zoo through the handler, as a user's request comes in."""

from __future__ import annotations

import ctypes
from pathlib import Path

import app
import mxnet as mx
import numpy as np
import pytest
from mxnet_models import artifact, dense, inputs_of, values, write
from runtime_requests import ask, describe_of, input_of, measure_of, subject_of


def measured(found: dict, *inputs: dict, batch: int = 1, **more) -> dict:
    subject = subject_of(found, *inputs, reference=found)
    return ask(app.handler, measure_of("mxnet", "vanilla", subject, batch=batch, **more))


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", ["resnet18", "mobilenet-v2", "bert"])
def test_measures_a_net(zoo: Path, name: str, batch: int) -> None:
    answer = measured(artifact(zoo, name), *inputs_of(name, batch), batch=batch)
    (subject,) = answer["subjects"]
    shapes = [[batch, 64, 256], [batch, 256]] if name == "bert" else [[batch, 1000]]
    assert [out["shape"] for out in subject["outputs"]] == shapes
    assert {out["dtype"] for out in subject["outputs"]} == {"float32"}
    assert subject["firstMs"] > 0 and len(subject["stretch"]["samplesMs"]) >= 3
    assert subject["agreement"]["varies"] is True
    assert answer["environment"]["versions"]["mxnet"] == mx.__version__ == "1.9.1"
    assert answer["importMs"] > 0


def test_answers_follow_the_seed(zoo: Path) -> None:
    found = artifact(zoo, "bert")
    first, again, other = (
        measured(found, *inputs_of("bert", 2), batch=2, seed=seed)["subjects"][0]["fingerprint"]
        for seed in (5, 5, 6)
    )
    assert first == again != other


def test_answers_what_mxnet_answers(zoo: Path) -> None:
    """The adapter's fused module against Gluon's block, which fuses nothing."""
    from adapter import MxnetAdapter
    from ayci_runtime.tensors import Tensor

    model = MxnetAdapter().load(zoo / "small-symbol.json", "vanilla", 1)
    images = np.random.default_rng(1).standard_normal((3, 3, 32, 32)).astype(np.float32)
    (found,) = model.tensors(model.bind([Tensor("data", "float32", images)])())
    block = mx.gluon.SymbolBlock.imports(
        str(zoo / "small-symbol.json"), ["data"], str(zoo / "small-0000.params")
    )
    expected = block(mx.nd.array(images)).asnumpy()
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found.array, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_one_model_serves_batch_after_batch(zoo: Path) -> None:
    """Bound anew for other shapes, and not for other values."""
    from adapter import MxnetAdapter
    from ayci_runtime.tensors import Tensor

    model = MxnetAdapter().load(zoo / "small-symbol.json", "vanilla", 1)
    images = np.random.default_rng(1).standard_normal((4, 3, 32, 32)).astype(np.float32)

    def answer(part: np.ndarray) -> np.ndarray:
        return model.tensors(model.bind([Tensor("data", "float32", part)])())[0].array

    whole = answer(images)
    parts = np.concatenate([answer(images[:1]), answer(images[1:2]), answer(images[2:])])
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-5 * np.abs(whole).max())


def test_measures_two_subjects_against_each_other(zoo: Path, tmp_path: Path) -> None:
    found = artifact(zoo, "small")
    arrays = mx.nd.load(str(zoo / "small-0000.params"))
    changed = {name: each.asnumpy() * np.float32(1.01) for name, each in arrays.items()}
    other = write(tmp_path, (zoo / "small-symbol.json").read_text(), changed)
    subjects = [
        subject_of(each, *inputs_of("small", 2), role=role)
        for role, each in (("candidate", found), ("baseline", other))
    ]
    answer = ask(app.handler, measure_of("mxnet", "vanilla", *subjects, batch=2))
    assert answer["change"]["varies"] is True
    assert (
        answer["change"]["maxAbsoluteDifference"] > 1e-4 * answer["change"]["maxAbsoluteReference"]
    )
    assert {each["role"] for each in answer["blocks"]} == {"candidate", "baseline"}


def test_describes_what_a_symbol_tells(zoo: Path, tmp_path: Path) -> None:
    answer = ask(app.handler, describe_of("mxnet", artifact(zoo, "bert")))
    assert answer["inputs"] == [
        {"name": "data0", "dtype": None, "dims": None},
        {"name": "data1", "dtype": None, "dims": None},
    ]
    assert len(answer["outputs"]) == 2
    symbol, params = dense(mx.sym.var("data", shape=(0, 4), dtype="float16"))
    params = {name: each.astype("float16") for name, each in params.items()}
    answer = ask(app.handler, describe_of("mxnet", write(tmp_path, symbol, params)))
    assert answer["inputs"] == [{"name": "data", "dtype": "float16", "dims": [None, 4]}]
    assert answer["outputs"] == [{"name": "dense", "dtype": None}]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_takes_every_float(tmp_path: Path, dtype: str) -> None:
    symbol = mx.sym.broadcast_mul(mx.sym.var("data"), mx.sym.var("scale"), name="scaled")
    found = write(tmp_path, symbol, {"arg:scale": values(1, 4, dtype=dtype)})
    (subject,) = measured(found, input_of("data", dtype, [2, 4]), batch=2)["subjects"]
    assert [out["dtype"] for out in subject["outputs"]] == [dtype]
    assert subject["agreement"]["varies"] is True


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "bool"])
def test_takes_every_integer(tmp_path: Path, dtype: str) -> None:
    table = np.arange(10, dtype=np.float32).reshape(2, 5)
    symbol = mx.sym.take(
        mx.sym.var("table"), mx.sym.Cast(mx.sym.var("ids"), dtype="int32"), name="row"
    )
    found = write(tmp_path, symbol, {"arg:table": table})
    inputs = input_of("ids", dtype, [3], "range", low=0, high=2)
    (subject,) = measured(found, inputs, batch=3)["subjects"]
    assert [out["shape"] for out in subject["outputs"]] == [[3, 5]]


def test_a_label_is_no_input(tmp_path: Path) -> None:
    """As mod.save_checkpoint writes a symbol that was trained."""
    layer, params = dense()
    symbol = mx.sym.SoftmaxOutput(layer, mx.sym.var("softmax_label"), name="softmax")
    (subject,) = measured(
        write(tmp_path, symbol, params), input_of("data", "float32", [2, 4]), batch=2
    )["subjects"]
    assert [out["name"] for out in subject["outputs"]] == ["softmax"]
    assert subject["agreement"]["varies"] is True


def test_outputs_of_one_node_have_numbers(tmp_path: Path) -> None:
    layer, params = dense(inputs=4)
    symbol = mx.sym.SliceChannel(layer, num_outputs=3, name="parts")
    inputs = input_of("data", "float32", [2, 4])
    (subject,) = measured(write(tmp_path, symbol, params), inputs, batch=2)["subjects"]
    assert [out["name"] for out in subject["outputs"]] == ["parts[0]", "parts[1]", "parts[2]"]


def test_threads_are_those_of_the_request(zoo: Path) -> None:
    """OpenMP's number in the engine's own thread, and OpenBLAS's."""
    library = mx.base._LIB
    seen = []
    for threads in (2, 1):
        measured(artifact(zoo, "small"), *inputs_of("small", 1), threads=threads)
        seen.append(
            (in_the_engine(library.omp_get_max_threads), library.openblas_get_num_threads())
        )
    assert seen == [(2, 2), (1, 1)]


def in_the_engine(ask_for: ctypes._CFuncPtr) -> int:
    from threads import run_in_engine

    found: list[int] = []
    run_in_engine(lambda: found.append(ask_for()))
    return found[0]
