"""Models and inputs that are not what they should be: one clear line each."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import app
import mxnet as mx
import numpy as np
import pytest
from ayci_runtime.errors import InferenceFailed, InvalidInput, InvalidModel, RuntimeFailure
from mxnet_models import artifact, dense, values, write
from runtime_requests import artifact_of, ask, describe_of, input_of, measure_of, subject_of


def refusal(kind: type[RuntimeFailure], request: dict) -> str:
    with pytest.raises(kind) as caught:
        ask(app.handler, request)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def measure(found: dict, *inputs: dict) -> dict:
    return measure_of("mxnet", "vanilla", subject_of(found, *inputs))


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A folder with a good model."""
    write(tmp_path, *dense())
    return tmp_path


def test_no_parameters(layer: Path) -> None:
    (layer / "model-0000.params").unlink()
    told = refusal(InvalidModel, describe_of("mxnet", artifact(layer)))
    assert told.startswith(
        "model-0000.params: got no parameters beside model-symbol.json; expected"
    )


def test_parameters_of_another_epoch(layer: Path) -> None:
    other = (layer / "model-0000.params").rename(layer / "model-0007.params")
    found = artifact_of(layer / "model-symbol.json", other)
    told = refusal(InvalidModel, describe_of("mxnet", found))
    assert "got model-0007.params beside" in told and "expected model-0000.params" in told


def test_parameters_of_another_model(layer: Path) -> None:
    mx.nd.save(str(layer / "model-0000.params"), {"arg:other_weight": mx.nd.ones((3, 4))})
    told = refusal(InvalidModel, describe_of("mxnet", artifact(layer)))
    assert (
        "parameters: got none for dense_weight, dense_bias; expected those of this symbol" in told
    )


def test_parameters_of_other_shapes(tmp_path: Path) -> None:
    symbol, params = dense()
    found = write(tmp_path, symbol, {**params, "arg:dense_weight": values(3, 9)})
    told = refusal(InvalidInput, measure(found, input_of("data", "float32", [1, 4])))
    assert told.startswith("inputs: got data [1, 4]; expected shapes that fit the model:")
    assert "[3,9]" in told.replace(" ", "") and "(3,4)" in told.replace(" ", "")


def test_an_input_that_does_not_fit(layer: Path) -> None:
    told = refusal(InvalidInput, measure(artifact(layer), input_of("data", "float32", [1, 7])))
    assert told.startswith("inputs: got data [1, 7]; expected shapes that fit the model:")


def test_an_input_of_another_name(layer: Path) -> None:
    told = refusal(InvalidInput, measure(artifact(layer), input_of("image", "float32", [1, 4])))
    assert told == "inputs: got image; the model takes data"


@pytest.mark.parametrize("dtype", ["string", "bfloat16", "uint16"])
def test_a_dtype_that_mxnet_lacks(layer: Path, dtype: str) -> None:
    inputs = input_of("data", dtype, [1, 4], "range", low=0, high=3)
    told = refusal(InvalidInput, measure(artifact(layer), inputs))
    assert told.startswith(f"input data: got {dtype}; expected one of float32, float64")


def test_an_operator_that_is_unknown(tmp_path: Path) -> None:
    symbol, params = dense()
    text = symbol.tojson().replace("FullyConnected", "FullyUnconnected")
    told = refusal(InvalidModel, describe_of("mxnet", write(tmp_path, text, params)))
    assert "FullyUnconnected" in told


def test_what_mxnet_cannot_run_on_a_cpu(tmp_path: Path) -> None:
    symbol, params = dense()
    halves = {name: each.astype("float16") for name, each in params.items()}
    request = measure(write(tmp_path, symbol, halves), input_of("data", "float16", [1, 4]))
    assert "float16 fully connected" in refusal(InferenceFailed, request)


def in_symbol(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "model-symbol.json"
        told = json.loads(path.read_text())
        change(told)
        path.write_text(json.dumps(told))

    return apply


def text_of_symbol(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "model-symbol.json").write_text(text) and None


def in_params(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "model-0000.params"
        path.write_bytes(change(path.read_bytes()))

    return apply


def sparse(folder: Path) -> None:
    array = mx.nd.array(np.eye(3)).tostype("csr")
    mx.nd.save(str(folder / "model-0000.params"), {"arg:dense_weight": array})


# Of the file: its magic, a reserved number, the number of arrays, then the first one's own magic.
COUNT, FIRST = 16, 24
ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "no JSON": (text_of_symbol("{"), "got no JSON"),
    "deep JSON": (text_of_symbol("[" * 200_000), "got no JSON"),
    "another JSON": (text_of_symbol("[1, 2]"), "no list of nodes"),
    "a key twice": (text_of_symbol('{"nodes": [], "nodes": []}'), "a key twice"),
    "no nodes": (in_symbol(lambda told: told.update(nodes=[])), "0 nodes"),
    "no heads": (in_symbol(lambda told: told.update(heads=[])), "no outputs"),
    "countless heads": (
        in_symbol(lambda told: told.update(heads=[[0, 0, 0]] * 10_001)),
        "10001 outputs",
    ),
    "a head beyond": (in_symbol(lambda told: told.update(heads=[[99, 0, 0]])), "node 99"),
    "a loop": (in_symbol(lambda told: told["nodes"][-1].update(inputs=[[3, 0, 0]])), "node 3"),
    "an odd input": (
        in_symbol(lambda told: told["nodes"][-1].update(inputs=[[True, 0]])),
        "not [node",
    ),
    "a node without op": (in_symbol(lambda told: told["nodes"][0].pop("op")), "without its op"),
    "a number as attribute": (
        in_symbol(lambda told: told["nodes"][-1].update(attrs={"num_hidden": 3})),
        "that are no texts",
    ),
    "an odd shape": (
        in_symbol(lambda told: told["nodes"][0].update(attrs={"__shape__": "(1,--4)"})),
        "an odd shape",
    ),
    "no input left": (
        in_symbol(lambda told: told["nodes"][0].update(name="dense_bias")),
        "inputs: got none",
    ),
    "other parameters": (in_params(lambda data: b"PK\3\4" + data), "its first bytes"),
    "parameters that end": (in_params(lambda data: data[:-3]), "a file that ends early"),
    "empty parameters": (in_params(lambda data: b""), "a file that ends early"),
    "parameters that go on": (in_params(lambda data: data + b"more"), "4 bytes after the names"),
    "countless arrays": (
        in_params(lambda data: data[:COUNT] + b"\xff" * 8 + data[FIRST:]),
        f"{2**64 - 1} arrays",
    ),
    "very many arrays": (
        in_params(lambda data: data[:COUNT] + struct.pack("<Q", 100_001) + data[FIRST:]),
        "100001 arrays",
    ),
    "a vast array": (
        # magic, storage, two axes: then the sizes.
        in_params(
            lambda data: (
                data[: FIRST + 12] + struct.pack("<qq", 1 << 40, 1 << 40) + data[FIRST + 28 :]
            )
        ),
        "a file that ends early",
    ),
    "an array of negative size": (
        in_params(lambda data: data[: FIRST + 12] + struct.pack("<q", -4) + data[FIRST + 20 :]),
        "a negative size",
    ),
    "an array of many axes": (
        in_params(lambda data: data[: FIRST + 8] + struct.pack("<i", 1 << 20) + data[FIRST + 12 :]),
        "an array of 1048576 dimensions",
    ),
    "a sparse array": (sparse, "a sparse array"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file(layer: Path, name: str) -> None:
    change, reason = ODD[name]
    change(layer)
    told = refusal(InvalidModel, describe_of("mxnet", artifact(layer)))
    assert reason in told and "expected" in told
