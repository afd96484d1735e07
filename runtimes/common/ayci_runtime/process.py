"""Makes the process that will load models safe and at home in a sandbox."""

from __future__ import annotations

import ctypes
import os
import tempfile

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def drop_credentials() -> None:
    """Takes the function's AWS credentials out of this process's environment.

    A model is code of whoever wrote it, and nothing here needs them. Their bytes are overwritten
    first: /proc/self/environ goes on showing what the process was started with.
    """
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    libc.getenv.argtypes = [ctypes.c_char_p]
    for name in list(os.environ):
        if name not in _CREDENTIALS and not name.startswith("AWS_CONTAINER_"):
            continue
        if (address := libc.getenv(os.fsencode(name))) is not None:
            ctypes.memset(address, ord("-"), len(os.environb[os.fsencode(name)]))
        del os.environ[name]


def use_writable_folders() -> None:
    """Lets libraries write their caches: on Lambda all but /tmp is read-only, HOME too."""
    for name in ("TMPDIR", "XDG_CACHE_HOME"):
        if name in os.environ and not os.access(os.environ[name], os.W_OK):
            del os.environ[name]
    if not os.access(os.environ.get("HOME", ""), os.W_OK):
        os.environ["HOME"] = tempfile.gettempdir()
