"""What one sandbox is to the next request: excluded, described, with nothing left of the last."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter

import nets
import onnx
import onnxruntime
import pytest
from ayci_runtime.errors import ArtifactMismatch, InvalidModel, InvalidRequest
from ayci_runtime.scratch import remove_leftovers, request_folder
from requesting import (
    IMAGE,
    RUNTIMES,
    artifact_of,
    ask,
    describe_of,
    measure_of,
    new_handler,
    subject_of,
)


@pytest.fixture
def request_(shelf):
    return measure_of(subject_of(shelf / "conv.onnx", IMAGE))


def lost(request):
    """The request for a model that is nowhere: only who does nothing answers it."""
    made = copy.deepcopy(request)
    made["subjects"][0]["artifact"]["files"][0]["url"] = "file:///nowhere/model.onnx"
    return made


def test_sandbox_that_is_named_does_nothing_and_stays_busy(request_):
    handler = new_handler()
    first = ask(request_, handler)["sandbox"]
    begin = perf_counter()
    answer = ask({**lost(request_), "notIn": ["x", first["id"]], "holdMs": 300}, handler)
    assert perf_counter() - begin >= 0.3
    assert answer == {
        "protocol": 1,
        "op": "excluded",
        "nonce": "nonce-1",
        "sandbox": {"id": first["id"], "requests": 2, "cold": False, "retired": False},
    }
    with pytest.raises(ArtifactMismatch):
        ask({**lost(request_), "notIn": ["x"]}, handler)


def test_sandbox_that_is_not_named_measures(request_):
    assert ask({**request_, "notIn": ["x"], "holdMs": 10_000, "fresh": True})["op"] == "measure"
    assert ask({**request_, "notIn": [], "fresh": False})["op"] == "measure"


def test_fresh_is_the_first_request_only(request_):
    handler = new_handler()
    first = ask({**request_, "fresh": True}, handler)
    assert first["op"] == "measure" and first["sandbox"]["cold"] is True
    assert ask({**lost(request_), "fresh": True}, handler)["op"] == "excluded"
    assert ask({**request_, "fresh": False}, handler)["op"] == "measure"


def test_sandbox_that_only_failed_or_described_is_not_fresh(request_):
    for earlier in (lost(request_), describe_of(), None):
        handler = new_handler()
        try:
            handler(earlier, None)
        except (ArtifactMismatch, InvalidRequest):
            pass
        assert ask({**request_, "fresh": True}, handler)["op"] == "excluded"


def test_excluded_does_not_retire_and_a_retired_one_is_excluded_all_the_same(request_):
    handler = new_handler()
    ask(request_, handler)
    answer = ask({**request_, "fresh": True, "retire": True}, handler)
    assert answer["op"] == "excluded" and answer["sandbox"]["retired"] is False
    assert ask({**request_, "retire": True}, handler)["sandbox"]["retired"] is True
    answer = ask({**request_, "notIn": [answer["sandbox"]["id"]]}, handler)
    assert answer["op"] == "excluded" and answer["sandbox"]["retired"] is True
    with pytest.raises(InvalidRequest, match="retired"):
        handler({**request_, "notIn": ["x"]}, None)


def test_description_without_a_model():
    answer = ask(describe_of())
    assert answer["inputs"] is None and answer["outputs"] is None
    assert answer["sandbox"]["cold"] is True
    assert answer["environment"]["versions"]["onnxruntime"] == onnxruntime.__version__


def test_description_of_a_model(shelf):
    answer = ask(describe_of(artifact=artifact_of(shelf / "conv.onnx")))
    assert answer["inputs"] == [{"name": "x", "dtype": "float32", "dims": ["n", 3, 24, 24]}]
    assert answer["outputs"] == [{"name": "y", "dtype": "float32"}]


def test_description_of_names_that_are_long_and_of_outputs_that_are_no_tensors(tmp_path):
    long = "s" * 5000
    nodes = [
        onnx.helper.make_node("SequenceConstruct", [long], ["y"]),
        onnx.helper.make_node("Identity", [long], ["z" * 5000]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "net",
        [onnx.helper.make_tensor_value_info(long, onnx.TensorProto.FLOAT, [None, "d" * 5000])],
        [
            onnx.helper.make_tensor_sequence_value_info("y", onnx.TensorProto.FLOAT, None),
            onnx.helper.make_tensor_value_info("z" * 5000, onnx.TensorProto.FLOAT, [None, None]),
        ],
    )
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.save(model, tmp_path / "model.onnx")
    answer = ask(describe_of(artifact=artifact_of(tmp_path / "model.onnx")))
    assert answer["inputs"] == [
        {"name": long[:1024], "dtype": "float32", "dims": [None, "d" * 1024]}
    ]
    assert [each["dtype"] for each in answer["outputs"]] == [None, "float32"]


def test_description_of_no_model_is_refused(tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    with pytest.raises(InvalidModel):
        new_handler()(describe_of(artifact=artifact_of(bad)), None)


def test_memory_of_a_large_model_is_given_back(tmp_path, shelf):
    heavy = nets.conv_net(tmp_path / "heavy.onnx", channels=1400)
    handler = new_handler()
    small = measure_of(subject_of(shelf / "conv.onnx", IMAGE))
    before = ask(small, handler)["subjects"][0]["peakMb"]
    large = ask(measure_of(subject_of(heavy, IMAGE)), handler)["subjects"][0]["peakMb"]
    after = ask(small, handler)["subjects"][0]["peakMb"]
    assert large > before + 60
    if after > large - 1:
        pytest.skip("this host forbids /proc/self/clear_refs: a peak is the process's")
    assert after < before + 10


LIVING = """
import time
from ayci_runtime.scratch import request_folder
with request_folder():
    print(1, flush=True)
    time.sleep(600)
"""


def test_folders_of_the_dead_are_removed_and_of_the_living_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = tmp_path / "ayci-request-dead"
    (dead / "below").mkdir(parents=True)
    (dead / "below" / "model.onnx").write_bytes(b"x")
    other = tmp_path / "other"
    other.mkdir()
    link = tmp_path / "ayci-request-link"
    link.symlink_to(other)
    (tmp_path / "ayci-request-file").write_text("x")
    living = subprocess.Popen(
        [sys.executable, "-c", LIVING],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(RUNTIMES / "common"), "TMPDIR": str(tmp_path)},
    )
    try:
        assert living.stdout.readline() == b"1\n"
        with request_folder() as own:
            remove_leftovers()
            left = {path.name for path in tmp_path.iterdir()}
            (theirs,) = left - {own.name, "other", link.name, "ayci-request-file"}
        assert not own.exists() and not dead.exists() and other.exists()
    finally:
        living.kill()
        living.communicate()
    remove_leftovers()
    assert not (tmp_path / theirs).exists()


def test_a_folder_that_has_just_been_made_is_no_leftover(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = threading.Event()

    def sweep():
        while not ended.is_set():
            remove_leftovers()

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for _ in range(500):
            with request_folder() as own:
                (own / "file").write_bytes(b"")
    finally:
        ended.set()
        sweeper.join()
    assert list(tmp_path.iterdir()) == []


PROGRAM = """
import os, subprocess
from ayci_runtime.process import drop_credentials, use_writable_folders
drop_credentials()
use_writable_folders()
raw = open("/proc/self/environ", "rb").read().decode()
child = subprocess.run(["env"], capture_output=True, text=True).stdout
print(repr((raw, child, dict(os.environ))))
"""


def test_credentials_are_gone_from_the_process_and_its_children(tmp_path):
    secrets = {
        "AWS_ACCESS_KEY_ID": "sesame-1",
        "AWS_SECRET_ACCESS_KEY": "sesame-2",
        "AWS_SESSION_TOKEN": "sesame-3" * 100,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/sesame-4",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "sesame-5",
    }
    kept = {
        "AWS_REGION": "eu-west-1",
        "PYTHONPATH": str(RUNTIMES / "common"),
        "PATH": os.defpath,
        "HOME": str(tmp_path),
    }
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**secrets, **kept}, capture_output=True, check=True
    ).stdout.decode()
    raw, child, environ = eval(told)
    assert "sesame" not in told
    assert "AWS_REGION=eu-west-1" in raw and "AWS_REGION=eu-west-1" in child
    assert environ["HOME"] == str(tmp_path) and environ["AWS_REGION"] == "eu-west-1"
    assert not environ.keys() & secrets.keys()


def test_folders_that_cannot_be_written_are_replaced():
    given = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "TMPDIR"), "/nowhere")
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**given, "PYTHONPATH": str(RUNTIMES / "common"), "PATH": os.defpath},
        capture_output=True,
        check=True,
    ).stdout.decode()
    environ = eval(told)[2]
    assert Path(environ["HOME"]) == Path("/tmp")
    assert "XDG_CACHE_HOME" not in environ and "TMPDIR" not in environ
