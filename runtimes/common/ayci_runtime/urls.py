"""Which URLs a request may name: a hostile one must not reach what it has no business with."""

from __future__ import annotations

import re

# Unencrypted only to a server on this machine, as a local object store is.
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/")


def is_loopback(url: str) -> bool:
    """Whether it is an `http:` URL of this machine."""
    return _LOOPBACK.match(url) is not None


def is_uploadable(url: str) -> bool:
    """Whether files may be uploaded there."""
    return url.startswith("https://") or is_loopback(url)


def is_readable(url: str) -> bool:
    """Whether files may be read from there."""
    return url.startswith("file:///") or is_uploadable(url)
