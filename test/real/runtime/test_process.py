"""The runtime as Lambda starts it: awslambdaric in a process, an almost empty environment."""

from __future__ import annotations

import http.server
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import nets
import pytest
from ayci_runtime.environment import parse_cpu
from ayci_runtime.errors import (
    ConversionFailed,
    InferenceFailed,
    OutOfMemory,
    failing_as,
    one_line,
)
from ayci_runtime.memory import peak_mb, reset_peak
from requesting import IMAGE, RUNTIMES, input_of, measure_of, subject_of, validator


class RuntimeApi(http.server.ThreadingHTTPServer):
    """The Lambda Runtime API (2018-06-01): hands out `events`, keeps what is posted."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Api)
        self.events: queue.Queue = queue.Queue()
        self.posted: queue.Queue = queue.Queue()


class _Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number, event = self.server.events.get()
        body = json.dumps(event).encode()
        self._answer(
            200,
            body,
            {
                "Lambda-Runtime-Aws-Request-Id": str(number),
                "Lambda-Runtime-Deadline-Ms": "99999999999999",
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:x:0:function:f",
            },
        )

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202, b"{}", {})
        self.server.posted.put((self.path, json.loads(body)))

    def _answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {
            **headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sesame",
    "AWS_SECRET_ACCESS_KEY": "sesame",
    "AWS_SESSION_TOKEN": "sesame",
}


@pytest.fixture
def start(tmp_path):
    """Starts a runtime; its requests go through the returned `ask`."""
    ends = []

    def starting(*prefix, before=lambda: None):
        api = RuntimeApi()
        threading.Thread(target=api.serve_forever, daemon=True).start()
        home = tmp_path / "home"
        home.mkdir()
        before()
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "awslambdaric", "app.handler"],
            cwd=RUNTIMES / "onnx",
            env={
                "PATH": os.defpath,
                "HOME": str(home),
                "TMPDIR": str(home),
                "PYTHONPATH": str(RUNTIMES / "common"),
                "PYTHONDONTWRITEBYTECODE": "1",
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": "f",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                **CREDENTIALS,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        ends.append((process, api))
        count = iter(range(1, 100))

        def ask(request):
            number = next(count)
            api.events.put((number, request))
            path, body = api.posted.get(timeout=60)
            assert f"/invocation/{number}/" in path, (path, body)
            return path.rsplit("/", 1)[1], body

        ask.home = home
        ask.pid = process.pid
        return ask

    yield starting
    for process, api in ends:
        process.kill()
        process.communicate()
        api.shutdown()
        api.server_close()


def test_answers_errors_and_goes_on(start, shelf, tmp_path):
    ask = start()
    request = measure_of(subject_of(shelf / "conv.onnx", IMAGE))
    kind, first = ask(request)
    assert kind == "response"
    validator("measure-response").validate(first)
    assert first["sandbox"]["cold"] is True and first["importMs"] > 1
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    kind, failed = ask(measure_of(subject_of(bad, IMAGE)))
    assert kind == "error" and failed["errorType"] == "InvalidModel"
    assert str(tmp_path) not in failed["errorMessage"]
    kind, second = ask({**request, "retire": True})
    assert kind == "response" and second["sandbox"]["requests"] == 3
    assert second["sandbox"]["id"] == first["sandbox"]["id"]
    kind, refused = ask(request)
    assert kind == "error" and refused["errorType"] == "InvalidRequest"
    assert list(ask.home.iterdir()) == [], "nothing is left behind"


def test_function_holds_no_credentials_when_it_loads_a_model(start, shelf):
    ask = start()
    kind, _ = ask(measure_of(subject_of(shelf / "conv.onnx", IMAGE)))
    assert kind == "response"
    seen = Path(f"/proc/{ask.pid}/environ").read_bytes()
    assert b"AWS_LAMBDA_RUNTIME_API=" in seen and b"sesame" not in seen


def test_next_process_removes_what_a_killed_one_left(start, shelf, tmp_path):
    left = tmp_path / "home" / "ayci-request-left" / "model"
    ask = start(before=lambda: left.mkdir(parents=True))
    kind, _ = ask(measure_of(subject_of(shelf / "conv.onnx", IMAGE)))
    assert kind == "response" and list(ask.home.iterdir()) == []


def test_model_that_does_not_fit_is_out_of_memory_and_the_next_runs(start, shelf, tmp_path):
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("no prlimit on this machine: memory limits are not tested")
    ask = start(prlimit, f"--data={512 << 20}")
    giant = nets.giant(tmp_path / "giant.onnx")
    kind, failed = ask(measure_of(subject_of(giant, input_of("x", "float32", [1]))))
    assert kind == "error" and failed["errorType"] == "OutOfMemory", failed
    wide = input_of("x", "float32", [1 << 28])
    kind, failed = ask(measure_of(subject_of(giant, wide)))
    assert kind == "error" and failed["errorType"] == "OutOfMemory", failed
    kind, answer = ask(measure_of(subject_of(shelf / "conv.onnx", IMAGE)))
    assert kind == "response" and answer["sandbox"]["requests"] == 3


def test_weights_that_do_not_fit_are_out_of_memory(start, tmp_path):
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("no prlimit on this machine: memory limits are not tested")
    heavy = nets.conv_net(tmp_path / "heavy.onnx", channels=2300)
    ask = start(prlimit, f"--data={160 << 20}")
    kind, failed = ask(measure_of(subject_of(heavy, IMAGE)))
    assert kind == "error" and failed["errorType"] == "OutOfMemory", failed


def test_peak_follows_what_is_resident():
    before = peak_mb()
    block = bytearray(64 << 20)
    block[:: 1 << 12] = b"x" * len(block[:: 1 << 12])
    held = peak_mb()
    assert held >= before and held > 64
    del block
    if not reset_peak():
        pytest.skip("this host forbids /proc/self/clear_refs: a peak is the process's")
    assert peak_mb() < held - 32


def test_memory_errors_are_known_by_their_words():
    for text in ("std::bad_alloc", "Failed to allocate memory for requested buffer of size 8"):
        with pytest.raises(OutOfMemory), failing_as(InferenceFailed):
            raise RuntimeError(text)
    with pytest.raises(OutOfMemory), failing_as(InferenceFailed):
        raise MemoryError
    with pytest.raises(InferenceFailed, match="shape"), failing_as(InferenceFailed):
        raise RuntimeError("bad shape")
    with pytest.raises(ConversionFailed), failing_as(InferenceFailed):
        raise ConversionFailed("kept")


def test_messages_are_one_line_without_folders(tmp_path):
    error = ValueError(f"cannot load {tmp_path}/a.onnx:\n  node /model/layer/Add failed")
    assert one_line(error, tmp_path) == "cannot load a.onnx: node /model/layer/Add failed"
    assert one_line(ValueError()) == "ValueError"
    assert len(one_line(ValueError("x" * 9999))) == 500


def test_cpu_names():
    assert parse_cpu("processor\t: 0\nmodel name\t: AMD EPYC 7R13\n") == "AMD EPYC 7R13"
    arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"
    assert parse_cpu(arm) == "arm64 implementer 0x41 part 0xd0c"
    assert parse_cpu("") != ""
