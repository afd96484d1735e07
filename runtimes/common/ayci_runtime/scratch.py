"""The folder of one request, gone after it, however the process ended."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "ayci-request-"


@contextmanager
def request_folder() -> Iterator[Path]:
    """An empty folder, removed with all that is in it at the end."""
    folder, lock = _locked_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder() -> tuple[Path, int]:
    """Whoever holds the lock is alive: `remove_leftovers` of another process passes over it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Another process took the folder for a leftover before it was locked.
            os.close(lock)
            continue
        # Or has removed it already, with the lock on what is no longer there.
        if os.fstat(lock).st_nlink > 0 and folder.is_dir():
            return folder, lock
        os.close(lock)


def remove_leftovers() -> None:
    """Removes the folders of requests whose process died: Lambda keeps /tmp and starts another."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)
