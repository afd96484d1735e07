"""Brings files to presigned URLs by PUT."""

from __future__ import annotations

import io
import os
import ssl
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from time import sleep
from typing import BinaryIO
from urllib.parse import urlsplit

from .errors import UploadFailed
from .urls import is_loopback, is_uploadable

TIMEOUT_SECONDS = 30
# Before the second, third and fourth attempt.
WAITS_SECONDS = (0.5, 1, 2)
CHUNK = 1 << 20


def put_file(url: str, path: Path, name: str) -> None:
    """Uploads a regular file, read as it goes. Raises UploadFailed, told with `name`."""
    _put(url, lambda: _opened(path), name)


def put_bytes(url: str, data: bytes, name: str) -> None:
    """Uploads `data`. Raises UploadFailed, told with `name`."""
    _put(url, lambda: io.BytesIO(data), name)


def _opened(path: Path) -> BinaryIO:
    # A converter may have left a link to something that is not its to give.
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def _put(url: str, opened: Callable[[], BinaryIO], name: str) -> None:
    # The URL is a secret: no message of the libraries may pass, since some repeat it.
    problem = "the address is not one to upload to"
    for wait in (0, *WAITS_SECONDS) if is_uploadable(url) else ():
        sleep(wait)
        try:
            with opened() as body:
                status = _status(url, body)
        except (OSError, HTTPException) as error:
            problem = getattr(error, "strerror", None) or type(error).__name__
            continue
        except ValueError:
            break
        if 200 <= status < 300:
            return
        problem = f"the server answered {status}"
        if status < 500:
            break
    raise UploadFailed(f"{name}: cannot be uploaded: {problem}")


def _status(url: str, body: BinaryIO) -> int:
    """The status of one PUT; a redirect is an answer like any other."""
    parts = urlsplit(url)
    with closing(_connection(url, parts.hostname or "", parts.port)) as connection:
        size = body.seek(0, os.SEEK_END)
        body.seek(0)
        headers = {"content-length": str(size), "content-type": "application/octet-stream"}
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            connection.request("PUT", target, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses answers before it has read all; the answer says why.
            pass
        return connection.getresponse().status


def _connection(url: str, host: str, port: int | None) -> HTTPConnection:
    if is_loopback(url):
        return HTTPConnection(host, port, timeout=TIMEOUT_SECONDS, blocksize=CHUNK)
    context = ssl.create_default_context()
    return HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, blocksize=CHUNK, context=context)
