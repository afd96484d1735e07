"""The TVM runtime of arm64 on any machine: Debian's Python and PyPI's wheels under qemu-user."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from other_runtimes import path_of
from serving import ROOT

LOCK = ROOT / "runtimes" / "tvm" / "requirements.txt"
PYTHON = "3.11"
# From Debian bookworm, whose Python is the wheels' oldest.
ARM64 = (
    *("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libc6", "libgcc-s1"),
    *("libstdc++6", "libssl3", "libffi8", "libexpat1", "liblzma5", "libbz2-1.0", "libuuid1"),
    "zlib1g",
)
QEMU = "qemu-user-static"
_RUN = "import json, sys, app; print(json.dumps(app.handler(json.load(sys.stdin))))"


def machine() -> Path:
    """A folder with qemu, a root of arm64 and the packages of the lock, made once."""
    parts = f"{ARM64} {PYTHON}".encode() + LOCK.read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ayci-test"
    folder = cache / f"arm64-{hashlib.sha256(parts).hexdigest()[:12]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=cache))
        _unpack_debian(made)
        _install_wheels(made)
        try:
            made.rename(folder)
        except OSError:
            # Somebody else was faster.
            shutil.rmtree(made)
    return folder


def _unpack_debian(folder: Path) -> None:
    """Downloads and unpacks packages: nothing of this machine is changed."""
    lists, cache, packages = (folder / name for name in ("lists", "cache", "packages"))
    for each in (lists / "partial", cache / "archives" / "partial", packages):
        each.mkdir(parents=True)
    native = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    settings = {
        "Dir::State::lists": lists,
        "Dir::Cache": cache,
        "APT::Architectures::": native,
        "APT::Architectures::arm64": "arm64",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-q", *(f"-o{name}={value}" for name, value in settings.items())]
    subprocess.run([*apt, "update"], check=True, stdout=subprocess.DEVNULL)
    wanted = [f"{QEMU}:{native}", *(f"{name}:arm64" for name in ARM64)]
    command = [*apt, "download", *wanted]
    subprocess.run(command, check=True, cwd=packages, stdout=subprocess.DEVNULL)
    for package in packages.iterdir():
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
    for each in (lists, cache, packages):
        shutil.rmtree(each)


def _install_wheels(folder: Path) -> None:
    tags = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 26, 27, 28)]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"),
            *("--target", folder / "site", "--python-version", PYTHON, "--implementation", "cp"),
            *(*tags, "--platform=manylinux2014_aarch64", "--only-binary", ":all:"),
            *("--no-deps", "--require-hashes", "-r", LOCK),
        ],
        check=True,
    )


def answered_on_arm64(request: dict, cpu: str = "neoverse-n1") -> dict:
    """The answer of `runtimes/tvm/app.py` on such a CPU; `cpu` by qemu's names.

    Raises CalledProcessError, its stderr the traceback, where it raises.
    """
    folder = machine()
    root = folder / "root"
    command = [root / "usr/bin/qemu-aarch64-static", "-cpu", cpu, "-L", root]
    done = subprocess.run(
        [*command, root / f"usr/bin/python{PYTHON}", "-c", _RUN],
        input=json.dumps(request),
        env={"PYTHONPATH": f"{folder / 'site'}:{path_of('tvm')}", "HOME": "/tmp"},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
