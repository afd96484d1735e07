"""Every locked wheel exists for the Pythons and architectures of AWS's images.

Amazon Linux 2023 has glibc 2.34; pip decides from the lock's hashes, without installing anything.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from parts import RUNTIMES

GLIBC = 34
# pip asks a lock's markers of this machine, not of the image, and torch's builds for CPUs are in an index that not
# every machine reaches: those locks are proven by building the images alone.
LOCKS = sorted(
    path.parent.name
    for path in RUNTIMES.glob("*/requirements.txt")
    if " ; " not in path.read_text() and "+cpu" not in path.read_text()
)
PYTHONS = ("3.12", "3.13")
ARCHITECTURES = ("x86_64", "aarch64")


def resolve(lock: Path, python: str, architecture: str, glibc: int, report: Path):
    platforms = [f"manylinux_2_{minor}_{architecture}" for minor in range(glibc, 4, -1)]
    platforms += [f"manylinux2014_{architecture}"] if glibc >= 17 else []
    return subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pip",
                "install",
                "--dry-run",
                "--ignore-installed",
                "--no-deps",
            ),
            *("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"),
            *("--report", report, "--target", report.parent / "target", "-r", lock),
            *("--implementation", "cp", "--python-version", python),
            *(word for platform in platforms for word in ("--platform", platform)),
        ],
        capture_output=True,
        text=True,
    )


def locked(lock: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9.-]+)==", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("runtime", LOCKS)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_wheels_fit_the_images(runtime, python, architecture, tmp_path):
    lock = RUNTIMES / runtime / "requirements.txt"
    done = resolve(lock, python, architecture, GLIBC, tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    chosen = json.loads((tmp_path / "report.json").read_text())["install"]
    names = {re.sub(r"[-_.]+", "-", each["metadata"]["name"]).lower() for each in chosen}
    assert names == locked(lock) and len(names) > 3
    files = [each["download_info"]["url"].rsplit("/", 1)[1] for each in chosen]
    assert all(name.endswith(".whl") for name in files)
    assert any(architecture in name for name in files)


def test_a_lock_that_does_not_fit_is_noticed(tmp_path):
    lock = RUNTIMES / "onnx" / "requirements.txt"
    old = resolve(lock, "3.13", "x86_64", 17, tmp_path / "report.json")
    assert old.returncode != 0 and "No matching distribution found for numpy" in old.stderr
    changed = tmp_path / "requirements.txt"
    changed.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", lock.read_text()))
    other = resolve(changed, "3.13", "x86_64", GLIBC, tmp_path / "report.json")
    assert other.returncode != 0 and "hash" in (other.stderr + other.stdout).lower()
