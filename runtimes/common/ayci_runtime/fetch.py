"""Brings the files of an artifact to where a framework can open them, each of them verified."""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import tempfile
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from .errors import ArtifactMismatch, InvalidRequest
from .urls import is_loopback, is_readable

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30


def file_path(url: str) -> Path:
    """The path of a `file:` URL. Raises InvalidRequest for another host or a relative path."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or "\0" in path:
        raise InvalidRequest("url: expected a file: URL on this machine")
    if not path.startswith("/") or ".." in path.split("/"):
        raise InvalidRequest("url: expected an absolute path without '..' in a file: URL")
    return Path(path)


def fetch_file(file: dict[str, Any], target: Path) -> Path:
    """Where the bytes of `file` (path, url, sha256, size) are, after they were verified.

    A `file:` URL is used in place, another one is written to `target`.
    Raises ArtifactMismatch, InvalidRequest (scheme). The URL, which may be signed, is never told.
    """
    url = file["url"]
    if not is_readable(url):
        raise InvalidRequest(f"{file['path']}: got another kind of URL; expected file: or https:")
    try:
        if url.startswith("file:"):
            path = file_path(url)
            with path.open("rb") as source:
                _verify(source, None, file)
            return path
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            _opener(url).open(url, timeout=TIMEOUT_SECONDS) as source,
            target.open("wb") as sink,
        ):
            _verify(source, sink, file)
        return target
    except urllib.error.HTTPError as error:
        raise ArtifactMismatch(f"{file['path']}: the server answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        # A URLError's reason is an error of its own; only system errors have a text to show.
        reason = getattr(getattr(error, "reason", error), "strerror", None) or type(error).__name__
        raise ArtifactMismatch(f"{file['path']}: cannot be read: {reason}") from None


def _opener(url: str) -> urllib.request.OpenerDirector:
    # Only what is needed: the default opener asks proxies and follows redirects to ftp: too.
    opener = urllib.request.OpenerDirector()
    if is_loopback(url):
        own: tuple[urllib.request.BaseHandler, ...] = (urllib.request.HTTPHandler(),)
    else:
        context = ssl.create_default_context()
        own = (
            urllib.request.HTTPSHandler(context=context),
            # To https: alone, since there is no handler for others.
            urllib.request.HTTPRedirectHandler(),
        )
    for handler in (
        *own,
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _verify(source: BinaryIO, sink: BinaryIO | None, file: dict[str, Any]) -> None:
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > file["size"]:
            break
        digest.update(chunk)
        if sink is not None:
            sink.write(chunk)
    if size != file["size"]:
        more = "more than " if size > file["size"] else ""
        expected = file["size"]
        got = f"{more}{min(size, expected)}"
        raise ArtifactMismatch(f"{file['path']}: got {got} bytes; expected {expected}")
    if digest.hexdigest() != file["sha256"]:
        raise ArtifactMismatch(
            f"{file['path']}: got SHA-256 {digest.hexdigest()}; expected {file['sha256']}"
        )


def fetch_artifact(artifact: dict[str, Any], scratch: Path) -> Path:
    """The path of the artifact's entry, under its name, its other files beside it.

    Files that lie so already are used in place. `scratch` takes what has to be written.
    Raises ArtifactMismatch, InvalidRequest.
    """
    folder = Path(tempfile.mkdtemp(dir=scratch))
    found = {
        file["path"]: fetch_file(file, folder / "fetched" / file["path"])
        for file in artifact["files"]
    }
    entry = found[artifact["entry"]]
    if _lie_together(artifact["entry"], found) and _stay_inside(entry, found):
        return entry
    return _lay_out(artifact["entry"], found, folder / "laid-out")


def _lie_together(entry: str, found: dict[str, Path]) -> bool:
    root = found[entry]
    for _ in Path(entry).parts:
        root = root.parent
    return all(path == root / name for name, path in found.items())


def _stay_inside(entry: Path, found: dict[str, Path]) -> bool:
    # ONNX Runtime refuses external data whose real path leaves the real folder of the model.
    folder = entry.resolve().parent
    return all(path.resolve().is_relative_to(folder) for path in found.values())


def _lay_out(entry: str, found: dict[str, Path], folder: Path) -> Path:
    symlinks = _stay_inside(found[entry], found)
    for name, path in found.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if symlinks:
            target.symlink_to(path)
            continue
        try:
            os.link(path.resolve(), target)
        except OSError:
            shutil.copyfile(path, target)
    return folder / entry
