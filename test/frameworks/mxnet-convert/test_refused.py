"""What does not convert is named; what is hostile is not loaded."""

from __future__ import annotations

from pathlib import Path

import convert_app
import mxnet as mx
import payloads
import pytest
from ayci_runtime.errors import ConversionFailed, InvalidInput, InvalidModel, RuntimeFailure
from mxnet_models import dense, values, write
from runtime_requests import ask, convert_of, infer_of, input_of


def refusal(kind: type[RuntimeFailure], request: dict) -> str:
    with pytest.raises(kind) as caught:
        ask(convert_app.handler, request)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def to_onnx(found: dict, folder: Path, *shape: int) -> dict:
    return convert_of("mxnet", "onnx", found, folder / "made", input_of("data", "float32", shape))


def test_operators_without_a_translation_are_named(tmp_path: Path) -> None:
    symbol = mx.sym.gammaln(mx.sym.gamma(mx.sym.var("data")))
    found = write(tmp_path, mx.sym.broadcast_add(symbol, mx.sym.var("w")), {"arg:w": values(1, 4)})
    told = refusal(ConversionFailed, to_onnx(found, tmp_path, 1, 4))
    assert told.startswith("operators: got gamma, gammaln, which MXNet does not translate to ONNX.")


def test_a_use_that_its_translation_refuses_is_named(tmp_path: Path) -> None:
    symbol = mx.sym.Convolution(
        mx.sym.var("data"), kernel=(3,), num_filter=2, no_bias=True, layout="NCW", name="conv1d"
    )
    found = write(tmp_path, symbol, {"arg:conv1d_weight": values(2, 3, 3)})
    told = refusal(ConversionFailed, to_onnx(found, tmp_path, 1, 3, 8))
    assert told.startswith("operator Convolution (node conv1d): MXNet does not translate it")


def test_inputs_that_do_not_fit(tmp_path: Path) -> None:
    told = refusal(InvalidInput, to_onnx(write(tmp_path, *dense()), tmp_path, 1, 9))
    assert told.startswith("inputs: got data [1, 9]; expected shapes that fit the model:")


def test_a_model_that_does_not_load(tmp_path: Path) -> None:
    symbol, _ = dense()
    found = write(tmp_path, symbol, {"arg:other": values(1)})
    told = refusal(InvalidModel, to_onnx(found, tmp_path, 1, 4))
    assert "parameters: got none for dense_weight" in told


@pytest.mark.parametrize("name", ["native", "custom"])
def test_a_payload_does_not_run(name: str, tmp_path: Path) -> None:
    """That each does where nobody looks, the tests of serving show."""
    mark = tmp_path / f"{name}_ran_convert"
    found = write(tmp_path / "model", payloads.WRITERS[name](mark), {"arg:other": values(1)})
    inputs = input_of("data", "float32", [1, 4])
    for request in (
        convert_of("mxnet", "onnx", found, tmp_path / "made", inputs),
        infer_of("mxnet", found, tmp_path / "answers", inputs),
    ):
        assert "it runs code" in refusal(InvalidModel, request)
    assert not mark.exists()


def test_text_of_attributes_is_not_run(tmp_path: Path) -> None:
    """The translations evaluate shapes: what is no shape never comes there."""
    mark = tmp_path / "ran"
    symbol, params = dense()
    text = mx.sym.transpose(symbol, axes=(1, 0), name="turned").tojson()
    code = f"(__import__('pathlib').Path({str(mark)!r}).write_text('x'),)"
    found = write(tmp_path, text.replace('"(1, 0)"', f'"{code}"'), params)
    assert code in (tmp_path / "model-symbol.json").read_text()
    refusal(InvalidModel, to_onnx(found, tmp_path, 1, 4))
    assert not mark.exists()
