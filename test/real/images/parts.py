"""Where the parts are that scripts/parts.mjs installs; what is missing fails, it never skips."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
RUNTIMES = REPOSITORY / "runtimes"
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]


def part(name: str) -> str:
    """The path that the environment variable of a part holds."""
    path = os.environ.get(name, "")
    assert path and Path(path).exists(), f"{name} names no file: node scripts/parts.mjs installs it"
    return path


def program(name: str) -> str:
    """The full path of an installed program."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found, f"no {name} on this machine: node scripts/parts.mjs installs it"
    return found


def cache() -> Path:
    """A folder outside the clone that is kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ayci-test"


def run(*command: str | Path, **options) -> str:
    """What a program printed; its errors are shown where it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
