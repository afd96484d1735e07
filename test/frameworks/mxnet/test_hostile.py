"""Hostile models: refused before MXNet sees them. Each payload runs where nobody looks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import app
import mxnet as mx
import payloads
import pytest
from ayci_runtime.errors import InvalidModel
from mxnet_models import dense, write
from operators import reason_against
from refused_operators import FILE, refused
from runtime_requests import ask, describe_of, input_of, measure_of, subject_of

REASONS = {
    "native": "_Native (node payload: it runs code",
    "ndarray": "_NDArray (node payload: it runs code",
    "custom": "Custom (node payload: it runs code",
    "custom_by_another_name": "_npi_Custom (node payload: it runs code",
    "custom_within_a_loop": "Custom (node payload: it runs code",
}


def refusal(found: dict) -> str:
    """Of a description and of a measurement, which are one."""
    requests = [
        describe_of("mxnet", found),
        measure_of("mxnet", "vanilla", subject_of(found, input_of("data", "float32", [1, 4]))),
    ]
    told = set()
    for request in requests:
        with pytest.raises(InvalidModel) as caught:
            ask(app.handler, request)
        told.add(str(caught.value))
    (only,) = told
    assert "\n" not in only
    return only


@pytest.mark.parametrize("name", payloads.WRITERS)
def test_a_payload_does_not_run(name: str, tmp_path: Path) -> None:
    mark = tmp_path / f"{name}_ran"
    found = write(
        tmp_path / "model", payloads.WRITERS[name](mark), {"arg:other": mx.nd.ones((1,)).asnumpy()}
    )
    assert f"operators: got {REASONS[name]}" in refusal(found)
    assert not mark.exists()
    payloads.run_unchecked(tmp_path / "model" / "model-symbol.json")
    assert mark.exists(), "the payload runs nowhere: this test proves nothing"


def changed(folder: Path, change: Callable[[dict], None]) -> dict:
    symbol, params = dense()
    told = json.loads(symbol.tojson())
    change(told)
    return write(folder, json.dumps(told), params)


def test_a_picture_is_not_read(tmp_path: Path) -> None:
    found = changed(
        tmp_path, lambda told: told["nodes"][-1].update(op="_cvimread", attrs={"filename": "x"})
    )
    assert "got _cvimread (node dense: it reads files" in refusal(found)


def test_goes_by_the_same_list_as_the_plan() -> None:
    """Where it does not, refused_operators.py writes that list anew."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == refused()


# How MXNet words operators that reach out.
WORDS = re.compile(
    r"(?i)custom|native|ndarray|cachedop|fused|cv|decode|read|write|file|path|python|lib|call|load|save"
    r"|(?<!_)sg_|tvm|tensorrt|caffe|torch|plugin|subgraph"
)
# Of those that compute, all that are worded so too.
WORDED = {
    *("_contrib_box_decode", "_contrib_calibrate_entropy", "_contrib_dgl_subgraph"),
    *(f"preloaded_multi_{kind}_update" for kind in ("sgd", "sgd_mom", "mp_sgd", "mp_sgd_mom")),
}


def test_goes_through_all_that_mxnet_has() -> None:
    known = set(mx.operator.get_all_registered_operators())
    allowed = {op for op in known if reason_against(op) is None}
    assert len(known) - len(allowed) == 24
    assert {op for op in allowed if WORDS.search(op)} == WORDED


@pytest.mark.parametrize("key", ["library", "lib_path"])
def test_a_library_is_not_loaded(tmp_path: Path, key: str) -> None:
    found = changed(tmp_path, lambda told: told["nodes"][-1]["attrs"].update({key: "/tmp/x.so"}))
    assert "it names a library to load" in refusal(found)


def test_what_one_cpu_was_fused_for(tmp_path: Path) -> None:
    found = changed(
        tmp_path, lambda told: told["nodes"][-1].update(op="_sg_mkldnn_fully_connected")
    )
    assert "save the model before optimize_for" in refusal(found)


def test_subgraphs_without_end(tmp_path: Path) -> None:
    def nest(told: dict) -> None:
        inner = {"nodes": [], "heads": []}
        for _ in range(20):
            variable = {"op": "null", "name": "x", "inputs": []}
            loop = {"op": "_foreach", "name": "loop", "inputs": [], "subgraphs": [inner]}
            inner = {"nodes": [variable, loop], "heads": []}
        told["nodes"][-1]["subgraphs"] = [inner]

    assert "subgraphs within subgraphs" in refusal(changed(tmp_path, nest))


def beyond(place: str) -> Callable[[dict], None]:
    def change(told: dict) -> None:
        if place == "head":
            told["heads"] = [[len(told["nodes"]) - 1, 900_000, 0]]
            return
        node = {"op": "relu", "name": "last", "inputs": [[len(told["nodes"]) - 1, 900_000, 0]]}
        told["nodes"].append(node)
        told["heads"] = [[len(told["nodes"]) - 1, 0, 0]]

    return change


@pytest.mark.parametrize("place", ["head", "input"])
def test_memory_beyond_a_nodes_outputs(tmp_path: Path, place: str) -> None:
    found = changed(tmp_path, beyond(place))
    assert "node dense: got its output 900000; expected one of 1" in refusal(found)
    command = [sys.executable, payloads.__file__, str(tmp_path / "model-symbol.json")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, env=env)
    assert b"Segmentation fault" in done.stderr, "MXNet bears it: this test proves nothing"
