"""The op 'convert' where files and result are uploaded."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dying
import nets
import pytest
from ayci_runtime import errors, upload
from ayci_runtime.errors import (
    ArtifactMismatch,
    ConversionFailed,
    InvalidModel,
    OutOfMemory,
    UploadFailed,
)
from ayci_runtime.handler import make_handler
from ayci_runtime.memory import peak_mb, reset_peak
from ayci_runtime.upload import put_file
from puts import store
from requesting import IMAGE, artifact_of, ask, convert_of, measure_of, subject_of, validator


@pytest.fixture
def shop():
    with store() as running:
        yield running


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(upload, "WAITS_SECONDS", (0, 0, 0))


@pytest.fixture
def model(shelf):
    return artifact_of(shelf / "conv.onnx")


def request_of(artifact, shop, slots=16):
    return {**convert_of(artifact, Path("/unused")), "output": shop.output(slots)}


def failure_of(shop):
    """The ConvertFailure that was uploaded, held to its schema."""
    failure = json.loads(shop.body("result"))
    validator("convert-failure").validate(failure)
    assert failure["nonce"] == "nonce-2"
    return failure


def failed(request, shop, adapter=None, context=None):
    """The error raised; what was uploaded tells the same, and neither tells a secret."""
    if adapter is None:
        with pytest.raises(errors.RuntimeFailure) as caught:
            ask(request, context=context)
    else:
        with pytest.raises(errors.RuntimeFailure) as caught:
            ask(request, make_handler(adapter, 1.0), context)
    failure = failure_of(shop)
    assert failure["errorType"] == type(caught.value).__name__
    assert failure["errorMessage"] == str(caught.value)
    assert (
        len(failure["errorMessage"]) <= errors.MAX_MESSAGE and "\n" not in failure["errorMessage"]
    )
    for secret in ("secret", shop.address.split("//")[1], "ayci-request-"):
        assert secret not in failure["errorMessage"]
    return caught.value


def test_files_go_to_their_slots_and_the_result_last(tmp_path, shop):
    path = nets.conv_net(
        tmp_path / "net.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=64,
    )
    artifact = artifact_of(path, path.parent / "weights.bin", entry="net.onnx")
    answer = ask(request_of(artifact, shop))
    assert [put.name for put in shop.puts] == ["slot-0", "slot-1", "result"]
    files = [(file["path"], file["slot"]) for file in answer["files"]]
    assert files == [("net.onnx", 0), ("net.onnx.data", 1)]
    for file, put in zip(answer["files"], shop.puts, strict=False):
        assert put.sha256 == file["sha256"] and len(put.body) == file["size"]
        assert put.headers["content-length"] == str(file["size"])
        assert put.headers["content-type"] == "application/octet-stream"
        assert "transfer-encoding" not in put.headers
        signed = {"host", "accept-encoding", "content-length", "content-type"}
        assert set(put.headers) == signed, "another header would not fit the signature"
    assert json.loads(shop.body("result")) == answer
    (tmp_path / "made").mkdir()
    for name, slot in files:
        (tmp_path / "made" / name).write_bytes(shop.body(f"slot-{slot}"))
    made = artifact_of(*sorted((tmp_path / "made").iterdir()), entry="net.onnx")
    reference = artifact_of(nets.conv_net(tmp_path / "inline.onnx"))
    subject = subject_of(None, IMAGE, artifact=made, reference=reference)
    agreement = ask(measure_of(subject, optimizer="onnx"))["subjects"][0]["agreement"]
    assert agreement["maxAbsoluteDifference"] <= 1e-4 * agreement["maxAbsoluteReference"]


def test_https_is_uploaded_to_where_it_is_trusted(model, certificate, monkeypatch):
    with store(certificate) as shop:
        answer = ask(request_of(model, shop))
        assert shop.puts[0].sha256 == answer["files"][0]["sha256"]
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
        with pytest.raises(UploadFailed) as caught:
            ask(request_of(model, shop))
        assert "secret" not in str(caught.value) and len(shop.puts) == 2


@pytest.mark.parametrize("trouble", [[503], [500, 502, 503], ["drop"], ["drop", 503, "drop"]])
@pytest.mark.parametrize("name", ["slot-0", "result"])
def test_what_passes_is_tried_again(model, shop, trouble, name):
    shop.script[name] = list(trouble)
    ask(request_of(model, shop))
    assert [put.name for put in shop.puts] == ["slot-0", "result"]
    assert shop.attempts.count(name) == len(trouble) + 1


@pytest.mark.parametrize(
    ("trouble", "told", "attempts"),
    [
        ([403], "403", 1),
        ([307], "307", 1),
        ([503] * 9, "503", 4),
        (["drop"] * 9, "", 4),
        (["early-403"], "403", 1),
    ],
)
def test_upload_that_fails_is_told(model, shop, trouble, told, attempts):
    shop.script["slot-0"] = list(trouble)
    error = failed(request_of(model, shop), shop)
    assert isinstance(error, UploadFailed) and str(error).startswith("model.onnx: cannot")
    assert told in str(error)
    assert shop.attempts.count("slot-0") == attempts
    assert "elsewhere" not in shop.attempts, "no redirect is followed"


def test_server_that_refuses_a_large_file_early_is_heard(model, shop):
    shop.script["slot-0"] = ["early-403"]
    error = failed(request_of(model, shop), shop, dying.Large())
    assert isinstance(error, UploadFailed)
    assert "403" in str(error) or shop.attempts.count("slot-0") > 1


def test_result_that_cannot_be_uploaded_fails(model, shop):
    shop.script["result"] = [403]
    with pytest.raises(UploadFailed, match="result: cannot be uploaded: the server answered 403"):
        ask(request_of(model, shop))
    shop.script["result"] = [403]
    with pytest.raises(OutOfMemory):
        ask(request_of(model, shop), make_handler(dying.Killed(), 1.0))


def test_no_server_is_told_without_its_address(model):
    with store() as gone:
        request = request_of(model, gone)
    with pytest.raises(UploadFailed, match="refused") as caught:
        ask(request)
    assert "secret" not in str(caught.value) and "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://[bad/x?secret",
        "https://h:port/x?secret",
        "https://h\r\nx: y/?secret",
        "http://127.0.0.1:99999/?secret",
        "http://127.0.0.1@example.com/?secret",
    ],
)
def test_addresses_that_are_none_are_not_repeated(tmp_path, url):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UploadFailed) as caught:
        put_file(url, tmp_path / "file", "file")
    assert "secret" not in str(caught.value) and "bad" not in str(caught.value)
    assert "port" not in str(caught.value)


@pytest.mark.parametrize(
    ("adapter", "kind", "told"),
    [
        (dying.Killed, OutOfMemory, "was killed"),
        (dying.Aborted, ConversionFailed, "SIGABRT: model.onnx: Assertion"),
        (dying.BadAlloc, OutOfMemory, "SIGABRT: what(): std::bad_alloc"),
        (dying.Exited, ConversionFailed, "exit code 3: eeee"),
        (dying.Silent, ConversionFailed, "without an answer"),
        (dying.OutOfMemoryError, OutOfMemory, ""),
        (dying.Refusing, ConversionFailed, "operator Foo"),
        (dying.Linking, ConversionFailed, "not a file"),
        (dying.Nested, ConversionFailed, "not a file"),
        (dying.Piping, ConversionFailed, "not a file"),
        (dying.Nothing, ConversionFailed, "left no model.onnx"),
        (dying.Forging, ConversionFailed, "without an answer"),
        (dying.ForgingNan, ConversionFailed, "without an answer"),
        (dying.ForgingNegative, ConversionFailed, "without an answer"),
        (dying.ForgingEntry, ConversionFailed, "without an answer"),
        (dying.ForgingNotes, ConversionFailed, "without an answer"),
        (dying.ForgingError, ConversionFailed, "without an answer"),
        (dying.ForgingDeep, ConversionFailed, "without an answer"),
        (dying.ForgingLong, ConversionFailed, "x x"),
    ],
)
def test_death_of_the_converter_is_a_typed_error(model, shop, adapter, kind, told):
    error = failed(request_of(model, shop), shop, adapter())
    assert type(error) is kind and told in str(error), error
    assert [put.name for put in shop.puts] == ["result"]


def test_fault_of_the_runtime_is_told_as_none_of_the_models(model, shop):
    with pytest.raises(ValueError, match="secret"):
        make_handler(dying.Faulty(), 1.0)(request_of(model, shop), None)
    failure = json.loads(shop.body("result"))
    assert failure["errorType"] == "ValueError" and failure["errorMessage"] == "the runtime failed"
    assert not validator("convert-failure").is_valid(failure)


def test_more_files_than_slots_are_refused_before_any_upload(model, shop):
    error = failed(request_of(model, shop), shop, dying.Many())
    assert isinstance(error, ConversionFailed) and "17 files" in str(error)
    assert [put.name for put in shop.puts] == ["result"]


def test_what_is_no_model_is_invalid_and_what_is_another_mismatches(tmp_path, model, shop):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    assert isinstance(failed(request_of(artifact_of(bad), shop), shop), InvalidModel)
    shop.puts.clear()
    model["files"][0]["sha256"] = "0" * 64
    assert isinstance(failed(request_of(model, shop), shop), ArtifactMismatch)


def test_converter_that_takes_too_long_ends_with_all_it_started(model, shop, shelf):
    class Context:
        def get_remaining_time_in_millis(self):
            return 3000

    told = shelf / "grandchild"
    error = failed(request_of(model, shop), shop, dying.Slow(), Context())
    assert isinstance(error, ConversionFailed) and "took longer than 3 s" in str(error)
    pid = int(told.read_text())
    told.unlink()
    assert ends(pid)


def ends(pid):
    """Whether a process ends soon; one that its new parent has not waited for has ended too."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


HANDLING = """
import json, sys
from ayci_runtime.handler import make_handler
import dying
make_handler(dying.Slow(), 1.0)(json.load(sys.stdin), None)
"""


def test_converter_ends_with_a_runtime_that_is_killed(model, shop, shelf):
    told = shelf / "grandchild"
    runtime = subprocess.Popen(
        [sys.executable, "-c", HANDLING],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    runtime.stdin.write(json.dumps(request_of(model, shop)).encode())
    runtime.stdin.close()
    while not told.exists() or not told.read_text():
        assert runtime.poll() is None
        time.sleep(0.05)
    grandchild = int(told.read_text())
    told.unlink()
    status = Path(f"/proc/{grandchild}/stat").read_text()
    converter = int(status.rsplit(")", 1)[1].split()[1])
    assert converter != runtime.pid
    runtime.kill()
    runtime.wait()
    try:
        assert ends(converter)
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_converter_sees_no_credentials_and_no_runtime_api(model, shop, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
    answer = ask(request_of(model, shop), make_handler(dying.Telling(), 1.0))
    seen = shop.body("slot-0")
    assert answer["files"][0]["sha256"] == hashlib.sha256(seen).hexdigest()
    own = seen.split(b"\n")[0]
    assert b"AWS_LAMBDA_RUNTIME_API" not in own and b"HOME=" in own
    assert b"secret" not in seen


def test_large_files_are_not_held_in_memory(tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(256 << 20)
    with store(keep_bodies=False) as shop:
        if not reset_peak():
            pytest.skip("this host forbids /proc/self/clear_refs: a peak is the process's")
        before = peak_mb()
        put_file(shop.url("large"), large, "large")
        assert peak_mb() - before < 64
        assert shop.puts[0].headers["content-length"] == str(256 << 20)


def test_nothing_is_left_behind(model, shop, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for adapter in (dying.Telling, dying.Killed, dying.Exited):
        try:
            make_handler(adapter(), 1.0)(request_of(model, shop), None)
        except errors.RuntimeFailure:
            pass
    assert list(tmp_path.iterdir()) == []
