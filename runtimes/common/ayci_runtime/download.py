"""HTTPS downloads, streamed to disk."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from ayci_runtime.errors import ArtifactMismatch, one_line
from ayci_runtime.request import RemoteFile

CHUNK = 1 << 20
NO_ANSWER_SECONDS = 20


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if not newurl.startswith("https://"):
            raise urllib.error.URLError("it redirects to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(file: RemoteFile, target: Path) -> tuple[int, str]:
    """Writes the bytes to `target`; returns their count and SHA-256 (hexadecimal).

    Stops at one byte more than was promised. Raises ArtifactMismatch where the server does not
    give them; no message holds the address, since a presigned one is a secret.
    """
    digest = hashlib.sha256()
    size = 0
    opener = urllib.request.build_opener(_SecureRedirects)
    try:
        with opener.open(file.url, timeout=NO_ANSWER_SECONDS) as answer, target.open("wb") as out:
            while size <= file.size and (
                chunk := answer.read(min(CHUNK, file.size + 1 - size))
            ):
                digest.update(chunk)
                out.write(chunk)
                size += len(chunk)
    except urllib.error.HTTPError as error:
        raise ArtifactMismatch(f"{file.label}: the server answered {error.code}") from None
    except urllib.error.URLError as error:
        raise ArtifactMismatch(f"{file.label}: no download, {one_line(str(error.reason))}") from None
    except (OSError, HTTPException) as error:
        raise ArtifactMismatch(f"{file.label}: no download, {one_line(error)}") from None
    return size, digest.hexdigest()
