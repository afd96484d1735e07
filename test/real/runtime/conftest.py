"""Fixtures of the runtime's tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nets
import pytest

# It makes the runtime's modules known.
import requesting  # noqa: F401


@pytest.fixture(scope="session")
def shelf(tmp_path_factory) -> Path:
    """A folder with the models that many tests read."""
    folder = tmp_path_factory.mktemp("models")
    nets.conv_net(folder / "conv.onnx")
    nets.conv_net(folder / "other.onnx", seed=2)
    nets.conv_net(folder / "wide.onnx", channels=64, side=64)
    nets.embedding(folder / "embedding.onnx")
    return folder


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """Paths of a certificate for localhost, which is trusted, and of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine: https is not tested")
    key, path = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", key, "-out", path, "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path, key
