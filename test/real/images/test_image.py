"""The ONNX images as their Dockerfile builds them, started as Lambda starts them.

On Debian's Python in the place of AWS's base image: what only that one has is not proven here.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import nets
import pytest
from images import Image, build, layer_sizes, mounted
from parts import RUNTIMES
from puts import store
from requesting import (
    IMAGE,
    artifact_of,
    convert_of,
    describe_of,
    measure_of,
    subject_of,
    validator,
)
from starting import started

MB = 1 << 20
LOCKS = {"serve": "requirements.txt", "convert": "convert-requirements.txt"}
OWN = Path(__file__).with_name("own-requirements.txt")
COMPILERS = ("gcc", "g++", "cc", "c++", "clang", "ld", "as", "ld.lld", "make", "cmake")


@pytest.fixture(scope="module")
def images():
    return {target: build("onnx", target) for target in ("serve", "convert")}


@pytest.fixture(scope="module")
def roots(images):
    with mounted(images["serve"]) as serve, mounted(images["convert"]) as convert:
        yield {"serve": serve, "convert": convert}


def served(www) -> dict:
    folder, address = www
    artifact = artifact_of(nets.conv_net(folder / "model.onnx"))
    artifact["files"][0]["url"] = f"{address}/model.onnx?X-Amz-Signature=secret"
    return artifact


def test_it_starts_as_the_embedded_lambda_starts_it(images):
    for image in images.values():
        assert image.command == ["python3", "-m", "awslambdaric", "app.handler"]
        assert image.folder == Path("/var/task")
        assert image.environment["ORT_DISABLE_TELEMETRY"] == "1"


def test_layers_are_few_and_small(images, capsys):
    base, system, packages, code = layer_sizes(images["serve"])
    named = {
        "base (a stand-in)": base,
        "system": system,
        "packages": packages,
        "code": code,
    }
    with capsys.disabled():
        print("\nlayers of the serving image, gzipped:")
        for name, size in named.items():
            print(f"{size / MB:9.3f} MB  {name}")
    assert 5 * MB < packages < 60 * MB
    assert code < 0.2 * MB


def test_no_compiler_and_nothing_that_is_not_needed(images, roots):
    root = roots["serve"]
    places = [root / path for path in ("usr/bin", "usr/local/bin", "bin", "var/task")]
    found = [place / name for place in places for name in COMPILERS if (place / name).exists()]
    assert found == []
    task = root / "var" / "task"
    assert (task / "onnxruntime").is_dir() and (task / "awslambdaric").is_dir()
    assert not (task / "onnx").exists() and not (task / "pytest").exists()
    assert not list(task.glob("**/tests")), "tests of packages"
    assert not [path for path in root.glob("root/.cache/**/*") if path.is_file()], "pip's cache"
    assert not (root / "build").exists() and not (root / "packages").exists()


def test_sources_are_compiled_and_stay_as_they_are(roots):
    task = roots["serve"] / "var" / "task"
    for folder, name in (
        (task, "app"),
        (task / "numpy", "__init__"),
        (task / "ayci_runtime", "child"),
    ):
        (compiled,) = (folder / "__pycache__").glob(f"{name}.cpython-*.pyc")
        flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
        assert flags == 0b01, "by the source's hash, unchecked"
        assert f"/var/task/{folder.relative_to(task) / name}.py".replace("/./", "/").encode() in (
            compiled.read_bytes()
        )


def test_serving_image_describes_and_measures(images, roots, www):
    with started(images["serve"], roots["serve"]) as emulator:
        answer = emulator.invoke(describe_of())
        validator("describe-response").validate(answer)
        assert answer["sandbox"]["cold"] is True
        subject = subject_of(None, IMAGE, artifact=served(www))
        answer = emulator.invoke(measure_of(subject, optimizer="onnx"))
        validator("measure-response").validate(answer)
        assert answer["subjects"][0]["fetchMs"] > 0
        assert answer["importMs"] > 1
        peak = answer["subjects"][0]["peakMb"]
        assert 30 < peak < 200


def test_converting_image_uploads_what_it_makes(images, roots, www):
    with store() as shop, started(images["convert"], roots["convert"]) as emulator:
        request = {**convert_of(served(www), Path("/unused")), "output": shop.output()}
        answer = emulator.invoke(request)
        validator("convert-response").validate(answer)
        (file,) = answer["files"]
        made = shop.body("slot-0")
        assert hashlib.sha256(made).hexdigest() == file["sha256"] and b"FusedConv" in made
        assert json.loads(shop.body("result")) == answer


def pinned(package: str, lock: Path) -> list[str]:
    return re.findall(rf"^{package}==(\S+)", lock.read_text(), re.MULTILINE)


def describe(image: Image, root: Path) -> dict[str, str]:
    """The versions that an image says it has."""
    with started(image, root) as emulator:
        answer = emulator.invoke(describe_of())
    validator("describe-response").validate(answer)
    return answer["environment"]["versions"]


def installed(root: Path) -> list[str]:
    """Packages with their versions, sorted."""
    names = [path.stem for path in (root / "var" / "task").glob("*.dist-info")]
    return sorted(name.lower().replace("_", "-") for name in names)


@pytest.mark.parametrize("target", ["serve", "convert"])
def test_a_users_own_version_takes_the_place_of_the_locked_one_alone(target, images, roots):
    lock = RUNTIMES / "onnx" / LOCKS[target]
    (before,), (own,) = pinned("onnxruntime", lock), pinned("onnxruntime", OWN)
    assert describe(images[target], roots[target])["onnxruntime"] == before != own
    image = build("onnx", target, OWN)
    with mounted(image) as root:
        versions = describe(image, root)
        packages = installed(root)
    assert versions["onnxruntime"] == own
    assert versions["numpy"] in pinned("numpy", OWN)
    assert [name for name in packages if name.startswith("onnxruntime-")] == [f"onnxruntime-{own}"]
    # Of what only the lock pins nothing has changed; what only the user pins is there.
    for name in ("awslambdaric", "simplejson", *(["onnx"] if target == "convert" else [])):
        assert [f"{name}-{version}" for version in pinned(name, lock)] == [
            each for each in packages if each.startswith(f"{name}-")
        ]
    assert "sympy-1.14.0" in packages and "sympy-1.14.0" not in installed(roots[target])
    # Another system's are left out.
    assert not [name for name in packages if name.startswith("pyreadline3")]


def test_image_of_a_users_own_version_measures(www):
    image = build("onnx", "serve", OWN)
    subject = subject_of(None, IMAGE, artifact=served(www))
    with mounted(image) as root, started(image, root) as emulator:
        answer = emulator.invoke(measure_of(subject, optimizer="onnx"))
    validator("measure-response").validate(answer)
    assert answer["subjects"][0]["stretch"]["samplesMs"]


def test_own_versions_of_another_runtime_change_nothing(tmp_path, images, roots):
    own = tmp_path / "own.txt"
    own.write_text(f"torch==2.0 --hash=sha256:{'a' * 64}\nnumpy==1.0 --hash=sha256:{'b' * 64}\n")
    with mounted(build("onnx", "serve", own)) as root:
        assert installed(root) == installed(roots["serve"])


@pytest.mark.parametrize(
    "line", ["--index-url https://localhost/", "onnxruntime==1.23.2", "-r other.txt"]
)
def test_no_image_is_built_of_what_is_not_pinned(line, tmp_path):
    own = tmp_path / "own.txt"
    own.write_text(f"{OWN.read_text()}{line}\n")
    with pytest.raises(AssertionError) as failed:
        build("onnx", "serve", own)
    assert f'is no hash-pinned package, got "{line}"' in str(failed.value)


def test_no_image_is_built_of_packages_whose_hash_is_another(tmp_path):
    own = tmp_path / "own.txt"
    own.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", OWN.read_text()))
    with pytest.raises(AssertionError) as failed:
        build("onnx", "serve", own)
    assert "DO NOT MATCH THE HASHES" in str(failed.value)
