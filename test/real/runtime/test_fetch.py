"""Artifacts: verified, in place where they lie so, else laid out."""

from __future__ import annotations

import copy
import hashlib
import os
import shutil

import nets
import pytest
from ayci_runtime.errors import ArtifactMismatch, InvalidRequest
from ayci_runtime.fetch import fetch_artifact, file_path
from requesting import IMAGE, artifact_of, ask, file_of, measure_of, subject_of
from serving import Files, files, running


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def split(tmp_path):
    """A model with external data: model/net.onnx and model/weights.bin."""
    nets.conv_net(
        tmp_path / "model" / "net.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=64,
    )
    return tmp_path / "model"


def measured(artifact):
    return ask(measure_of(subject_of(None, IMAGE, artifact=artifact)))["subjects"][0]


def test_one_file_is_used_in_place_and_opened_by_the_artifacts_name(shelf, scratch, tmp_path):
    alone = tmp_path / "alone" / "conv.onnx"
    alone.parent.mkdir()
    shutil.copyfile(shelf / "conv.onnx", alone)
    assert fetch_artifact(artifact_of(alone, entry="conv.onnx"), scratch) == alone
    found = fetch_artifact(artifact_of(alone), scratch)
    assert found.name == "model.onnx" and found.resolve() == alone


def test_what_lies_beside_the_files_is_left_behind(split, scratch):
    artifact = artifact_of(split / "net.onnx", split / "weights.bin", entry="net.onnx")
    others = [split / "choice", split / "deep" / "choice", split / "link", split / "folder"]

    def file(path):
        path.parent.mkdir(exist_ok=True)
        path.write_text("unchecked")

    makers = [file, file, lambda path: path.symlink_to("net.onnx"), lambda path: path.mkdir()]
    for other, make in zip(others, makers, strict=True):
        make(other)
        path = fetch_artifact(artifact, scratch)
        assert path.is_relative_to(scratch) and path.name == "net.onnx"
        assert sorted(each.name for each in path.parent.rglob("*")) == ["net.onnx", "weights.bin"]
        assert measured(artifact)["outputs"][0]["shape"] == [2, 10]
        (shutil.rmtree if other.is_dir() and not other.is_symlink() else os.remove)(other)
        if other.parent != split:
            other.parent.rmdir()
        assert fetch_artifact(artifact, scratch) == split / "net.onnx"


def test_files_that_lie_together_are_used_in_place(split, scratch):
    artifact = artifact_of(split / "net.onnx", split / "weights.bin", entry="net.onnx")
    assert fetch_artifact(artifact, scratch) == split / "net.onnx"
    inline = measured(artifact)
    nets.conv_net(split / "inline.onnx")
    assert inline["fingerprint"] == measured(artifact_of(split / "inline.onnx"))["fingerprint"]


def test_renamed_entry_finds_its_external_data(split, scratch):
    artifact = artifact_of(split / "net.onnx", split / "weights.bin")
    path = fetch_artifact(artifact, scratch)
    assert path.name == "model.onnx" and path.is_symlink()
    assert measured(artifact)["outputs"][0]["shape"] == [2, 10]


def test_scattered_files_are_linked_without_a_copy(split, scratch, tmp_path):
    elsewhere = tmp_path / "elsewhere" / "blob"
    elsewhere.parent.mkdir()
    (split / "weights.bin").rename(elsewhere)
    artifact = artifact_of(split / "net.onnx")
    artifact["files"].append(file_of(elsewhere, "weights.bin"))
    path = fetch_artifact(artifact, scratch)
    # The same inode: ONNX Runtime refuses data whose real path leaves the model's folder.
    assert (path.parent / "weights.bin").samefile(elsewhere)
    assert not (path.parent / "weights.bin").is_symlink()
    assert measured(artifact)["outputs"][0]["shape"] == [2, 10]


def test_files_in_place_that_are_links_elsewhere_load(split, tmp_path):
    kept = tmp_path / "kept"
    shutil.move(split / "weights.bin", kept)
    (split / "weights.bin").symlink_to(kept)
    artifact = artifact_of(split / "net.onnx", split / "weights.bin", entry="net.onnx")
    assert measured(artifact)["outputs"][0]["shape"] == [2, 10]


def test_files_of_which_one_is_a_link_are_laid_out(split, scratch):
    (split / "same.bin").symlink_to("weights.bin")
    artifact = artifact_of(split / "net.onnx", split / "weights.bin", entry="net.onnx")
    same = file_of(split / "weights.bin", "same.bin")
    artifact["files"].append({**same, "url": (split / "same.bin").absolute().as_uri()})
    assert fetch_artifact(artifact, scratch).is_relative_to(scratch)


def test_entry_in_a_folder(split, scratch, tmp_path):
    artifact = artifact_of(split / "net.onnx", entry="deep/net.onnx")
    artifact["files"].append(file_of(split / "weights.bin", "deep/weights.bin"))
    assert measured(artifact)["outputs"][0]["shape"] == [2, 10]
    artifact["files"][0]["path"] = artifact["entry"] = "model/net.onnx"
    artifact["files"][1]["path"] = "model/weights.bin"
    shutil.move(split, tmp_path / "root" / "model")
    for file in artifact["files"]:
        file["url"] = file["url"].replace("/model/", "/root/model/")
    assert fetch_artifact(artifact, scratch) == tmp_path / "root" / "model" / "net.onnx"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("sha256", "0" * 64, "SHA-256"), ("size", 1, "more than 1"), ("size", 1 << 40, "bytes")],
)
def test_other_bytes_are_a_mismatch(shelf, scratch, field, value, told):
    artifact = artifact_of(shelf / "conv.onnx")
    artifact["files"][0][field] = value
    with pytest.raises(ArtifactMismatch, match=told):
        fetch_artifact(artifact, scratch)


def test_missing_file_is_a_mismatch(shelf, scratch, tmp_path):
    artifact = artifact_of(shelf / "conv.onnx")
    for lost in (tmp_path / "none.onnx", tmp_path):
        artifact["files"][0]["url"] = lost.as_uri()
        with pytest.raises(ArtifactMismatch, match=r"model\.onnx: cannot be read") as caught:
            fetch_artifact(artifact, scratch)
        assert str(tmp_path) not in str(caught.value)


def test_file_urls(tmp_path):
    odd = tmp_path / "a b%20ä#?.onnx"
    assert file_path(odd.as_uri()) == odd
    for url in ("file://host/x", "file:x", "https://h/x", "file:///a/../b", "file:///a/%2e%2e/b"):
        with pytest.raises(InvalidRequest):
            file_path(url)


@pytest.fixture
def https(tmp_path, certificate):
    """A real HTTPS server, trusted, for tmp_path/www; /to/<scheme>/ redirects."""
    www = tmp_path / "www"
    www.mkdir()

    class Redirecting(Files):
        def do_GET(self):
            if not self.path.startswith("/to/"):
                return super().do_GET()
            scheme, name = self.path.removeprefix("/to/").split("/")
            self.send_response(307)
            self.send_header("Location", f"{scheme}://localhost:{self.server.server_port}/{name}")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with running(files(www, Redirecting), certificate) as address:
        yield www, address


def served(split, https):
    www, address = https
    shutil.copytree(split, www, dirs_exist_ok=True)
    artifact = artifact_of(split / "net.onnx", split / "weights.bin")
    for file, name in zip(artifact["files"], ("net.onnx", "weights.bin"), strict=True):
        file["url"] = f"{address}/{name}?X-Amz-Signature=secret"
    return artifact


def test_https_is_downloaded_and_verified(split, https, scratch):
    artifact = served(split, https)
    path = fetch_artifact(artifact, scratch)
    assert path.is_relative_to(scratch)
    assert path.read_bytes() == (split / "net.onnx").read_bytes()
    assert measured(artifact)["outputs"][0]["shape"] == [2, 10]


def test_https_of_other_bytes_is_a_mismatch(split, https, scratch):
    artifact = served(split, https)
    for field, value in (("sha256", hashlib.sha256(b"").hexdigest()), ("size", 7)):
        wrong = copy.deepcopy(artifact)
        wrong["files"][0][field] = value
        with pytest.raises(ArtifactMismatch):
            fetch_artifact(wrong, scratch)


def test_https_failure_does_not_tell_the_signed_address(split, https, scratch):
    artifact = served(split, https)
    artifact["files"][0]["url"] = artifact["files"][0]["url"].replace("net.onnx", "none.onnx")
    with pytest.raises(ArtifactMismatch, match="404") as caught:
        fetch_artifact(artifact, scratch)
    assert "secret" not in str(caught.value) and "localhost" not in str(caught.value)


def test_redirects_stay_with_https(split, https, scratch):
    artifact = served(split, https)
    direct = artifact["files"][0]["url"]
    artifact["files"][0]["url"] = direct.replace("/net.onnx", "/to/https/net.onnx")
    assert fetch_artifact(artifact, scratch).name == "model.onnx"
    artifact["files"][0]["url"] = direct.replace("/net.onnx", "/to/http/net.onnx")
    with pytest.raises(ArtifactMismatch):
        fetch_artifact(artifact, scratch)


def test_untrusted_certificate_is_refused(split, https, scratch, monkeypatch, tmp_path):
    artifact = served(split, https)
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(ArtifactMismatch):
        fetch_artifact(artifact, scratch)


@pytest.fixture
def http_(tmp_path):
    """A plain server of this machine for tmp_path/www; /to/<name> redirects."""
    www = tmp_path / "www"
    www.mkdir()

    class Redirecting(Files):
        def do_GET(self):
            if not self.path.startswith("/to/"):
                return super().do_GET()
            self.send_response(307)
            self.send_header("Location", self.path.removeprefix("/to"))
            self.send_header("Content-Length", "0")
            self.end_headers()

    with running(files(www, Redirecting)) as address:
        yield www, address


def test_server_of_this_machine_is_read_without_encryption(split, http_, scratch, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    artifact = served(split, http_)
    path = fetch_artifact(artifact, scratch)
    assert path.read_bytes() == (split / "net.onnx").read_bytes()
    assert measured(artifact)["outputs"][0]["shape"] == [2, 10]


def test_server_of_this_machine_redirects_nowhere(split, http_, scratch):
    artifact = served(split, http_)
    artifact["files"][0]["url"] = artifact["files"][0]["url"].replace("/net.onnx", "/to/net.onnx")
    with pytest.raises(ArtifactMismatch, match="307") as caught:
        fetch_artifact(artifact, scratch)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/secret", "http://127.0.0.1@h/secret", "https://[secret/x", "ftp://h/"],
)
def test_other_addresses_are_not_asked_and_not_repeated(shelf, scratch, url):
    artifact = artifact_of(shelf / "conv.onnx")
    artifact["files"][0]["url"] = url
    with pytest.raises((InvalidRequest, ArtifactMismatch)) as caught:
        fetch_artifact(artifact, scratch)
    assert "secret" not in str(caught.value) and scratch.exists()
