"""Brings the files of an artifact to where a framework can open them, each of them verified."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .errors import InvalidRequest
from .urls import is_readable
from .verify import unreadable, verify


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
    if not url.startswith("file:"):
        # In an image it is there already: see start.py.
        from .download import download

        download(file, target)
        return target
    try:
        path = file_path(url)
        with path.open("rb") as source:
            verify(source, None, file)
        return path
    except (OSError, ValueError) as error:
        raise unreadable(file["path"], error) from None


def fetch_artifact(artifact: dict[str, Any], scratch: Path) -> Path:
    """The path of the artifact's entry, under its name, beside it its other files and no more.

    Files that lie so already are used in place. `scratch` takes what has to be written.
    Raises ArtifactMismatch, InvalidRequest.
    """
    folder = Path(tempfile.mkdtemp(dir=scratch))
    found = {
        file["path"]: fetch_file(file, folder / "fetched" / file["path"])
        for file in artifact["files"]
    }
    entry = found[artifact["entry"]]
    if _lie_alone_together(artifact["entry"], found) and _stay_inside(entry, found):
        return entry
    return _lay_out(artifact["entry"], found, folder / "laid-out")


def _lie_alone_together(entry: str, found: dict[str, Path]) -> bool:
    """Whether the files lie beside each other, none of them a link, and nothing else there."""
    root = found[entry]
    for _ in Path(entry).parts:
        root = root.parent
    files = {root / name for name in found}
    if not files == set(found.values()) == {path for path in files if not path.is_symlink()}:
        return False
    folders = {folder for path in files for folder in path.parents if folder.is_relative_to(root)}
    try:
        # What a framework may look for by a name of its own was not checked. The first such ends it.
        return not any(
            each not in (folders if each.is_dir() and not each.is_symlink() else files)
            for folder in folders
            for each in folder.iterdir()
        )
    except OSError:
        return False


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
