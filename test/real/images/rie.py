"""AWS's Runtime Interface Emulator around a runtime, on this machine or in an image's root."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from parts import AS_ROOT, part, program

READY_SECONDS = 60
# Process 1 of a namespace of its own: when its standard input ends, all that runs in there ends.
ALONE = '"$@" & exec cat > /dev/null'
# What Lambda gives a function: a read-only root, a /tmp, /proc, devices, not the rights of root.
IN_IMAGE = """
set -e
root=$1; folder=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
exec chroot --userspec=993:990 "$root" env -C "$folder" "$@"
"""


class Rie:
    """A running emulator. It takes one request at a time."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log

    def invoke(self, request: object) -> dict:
        """The function's answer, or its error, as the emulator gives it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            path = "/2015-03-31/functions/function/invocations"
            connection.request("POST", path, json.dumps(request))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait(port: int, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, f"the emulator ended: {log.read_text()[-2000:]}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the emulator does not listen: {log.read_text()[-2000:]}")


@contextmanager
def rie(
    command: Sequence[str], environment: dict[str, str], folder: Path, root: Path | None = None
) -> Iterator[Rie]:
    """The emulator around `command`, run in `folder` (of `root`, where one is given)."""
    front, api = _free_ports(2)
    with tempfile.TemporaryDirectory() as home:
        log = Path(home) / "log"
        settings = {"TMPDIR": home, "HOME": home, **environment}
        inner = ["env", *(f"{name}={value}" for name, value in settings.items()), *command]
        if root is not None:
            values = [f"{name}={value}" for name, value in environment.items()]
            inner = ["sh", "-c", IN_IMAGE, "sh", str(root), str(folder), *values, *command]
        emulator = [
            part("AYCI_TEST_RIE"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{front}"),
            *("--runtime-api-address", f"127.0.0.1:{api}"),
        ]
        clean = ["env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        alone = [
            *AS_ROOT,
            program("unshare"),
            *("--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("sh", "-c", ALONE, "sh"),
        ]
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [*alone, *clean, *emulator, *inner],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                cwd=folder if root is None else "/",
            )
        try:
            _wait(front, process, log)
            yield Rie(front, log)
        finally:
            process.stdin.close()
            process.wait(30)
