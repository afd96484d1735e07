"""Brings a file over the network. What that takes is imported here alone: local files do without."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from .errors import ArtifactMismatch
from .urls import is_loopback
from .verify import unreadable, verify

TIMEOUT_SECONDS = 30


def download(file: dict[str, Any], target: Path) -> None:
    """Writes the bytes of `file` (path, url, sha256, size) to `target`.

    Raises ArtifactMismatch. The URL, which may be signed, is never told.
    """
    url = file["url"]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            _opener(url).open(url, timeout=TIMEOUT_SECONDS) as source,
            target.open("wb") as sink,
        ):
            verify(source, sink, file)
    except urllib.error.HTTPError as error:
        raise ArtifactMismatch(f"{file['path']}: the server answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise unreadable(file["path"], error) from None


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
