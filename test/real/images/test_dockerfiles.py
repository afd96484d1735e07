"""What the Dockerfiles say, before anything is built."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from parts import RUNTIMES, part
from test_wheels import PYTHONS

DOCKERFILES = sorted(RUNTIMES.glob("**/Dockerfile"))
BASE = r"ARG BASE=public\.ecr\.aws/lambda/python:(3\.\d+)@sha256:[0-9a-f]{64}$"


def hadolint(path: Path) -> list[dict]:
    program = Path(part("AYCI_TEST_LINT")) / "hadolint"
    done = subprocess.run([program, "--format", "json", path], capture_output=True, text=True)
    return json.loads(done.stdout)


def test_one_dockerfile_does_for_all_runtimes():
    assert DOCKERFILES == [RUNTIMES / "Dockerfile"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_hadolint_finds_nothing(path):
    assert hadolint(path) == []


def test_hadolint_finds_what_is_wrong(tmp_path):
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM debian\nRUN cd /tmp && pip install numpy\n")
    assert {"DL3006", "DL3003", "DL3013"} <= {each["code"] for each in hadolint(wrong)}


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_base_is_aws_by_digest_with_a_python_whose_wheels_are_tested(path):
    text = path.read_text()
    (python,) = re.findall(BASE, text, re.MULTILINE)
    assert python in PYTHONS
    bases = re.findall(r"^FROM (\S+)(?: AS (\S+))?", text, re.MULTILINE)
    stages = {name for _, name in bases}
    assert all(base == "${BASE}" or base in stages for base, _ in bases)
    assert {"serve", "convert"} <= stages


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_packages_are_the_locked_ones_alone(path):
    assert len(re.findall(r"sh install-packages.sh requirements.txt\b", path.read_text())) == 2
    script = (path.parent / "install-packages.sh").read_text()
    (install,) = re.findall(r"pip install((?:.|\\\n)*?\S)\n(?!  )", script)
    options = install.split()
    for wanted in ("--require-hashes", "--only-binary=:all:", "--no-deps", "--no-cache-dir"):
        assert wanted in options
    assert install.endswith('-r "$lock"')
