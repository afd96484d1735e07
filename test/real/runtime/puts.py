"""An object store as presigned URLs show it: a server that takes PUTs and keeps what came."""

from __future__ import annotations

import hashlib
import http.server
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field

from serving import running


@dataclass(frozen=True)
class Put:
    """One PUT that was read to its end."""

    name: str
    headers: dict[str, str]
    body: bytes
    sha256: str


@dataclass
class Store:
    """`script`: by name, what to answer before 200: a status, or 'drop' or 'early-403'."""

    address: str = ""
    keep_bodies: bool = True
    puts: list[Put] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    script: dict[str, list] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}?X-Amz-Signature=secret"

    def output(self, slots: int = 16) -> dict:
        return {
            "slots": [{"url": self.url(f"slot-{k}")} for k in range(slots)],
            "result": {"url": self.url("result")},
        }

    def body(self, name: str) -> bytes:
        (found,) = [put.body for put in self.puts if put.name == name]
        return found


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        store: Store = self.server.store
        name, _, query = self.path.lstrip("/").partition("?")
        assert query == "X-Amz-Signature=secret", "a presigned URL is used as it is"
        store.attempts.append(name)
        answers = store.script.get(name) or [200]
        answer = answers.pop(0)
        if answer == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if answer == "early-403":
            self._answer(403)
            self.close_connection = True
            return
        self._read(name, keep=answer == 200)
        self._answer(answer)

    def _read(self, name, keep):
        left = int(self.headers["content-length"])
        digest, parts = hashlib.sha256(), []
        while left > 0:
            part = self.rfile.read(min(left, 1 << 16))
            assert part, "the body ends before its Content-Length"
            left -= len(part)
            digest.update(part)
            if self.server.store.keep_bodies:
                parts.append(part)
        if keep:
            headers = {key.lower(): value for key, value in self.headers.items()}
            put = Put(name, headers, b"".join(parts), digest.hexdigest())
            self.server.store.puts.append(put)

    def _answer(self, status):
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", self.server.store.url("elsewhere"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


@contextmanager
def store(certificate=None, **options):
    """A running Store; `certificate`: paths of a certificate and its key, for https."""
    server = _Server(("127.0.0.1", 0), _Handler)
    with running(server, certificate) as address:
        server.store = Store(address, **options)
        yield server.store
