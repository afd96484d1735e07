"""Builds the runtimes' Dockerfiles by buildah on a stand-in for AWS's base image."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from parts import AS_ROOT, RUNTIMES, cache, part, program, run

BASE = "localhost/ayci-base"


@dataclass(frozen=True)
class Machine:
    """What an image is built for: the suffix of its name, and the part that its base is."""

    suffix: str
    part: str
    # As images name it; None: this machine's own.
    architecture: str | None = None

    @property
    def arguments(self) -> list[str]:
        """For buildah, where it is to build for another machine than this one."""
        return [] if self.architecture is None else [f"--platform=linux/{self.architecture}"]


NATIVE = Machine("", "AYCI_TEST_BASE_IMAGE")
# Emulated elsewhere.
ARM64 = Machine("-arm64", "AYCI_TEST_BASE_IMAGE_ARM64", "arm64")
# The images of one version take about 25 GB, of which another version shares the most.
STORE_LIMIT_GB = 34
# Of pip's settings those by which it reaches an index; what lies on this disk is not in the build.
SETTINGS = ("index-url", "extra-index-url", "trusted-host", "cert", "proxy", "timeout")


def buildah(*arguments: str | Path) -> str:
    """Runs buildah with a store of its own, kept between runs."""
    store = cache() / "images"
    roots = ("--root", store / "root", "--runroot", store / "run")
    return run(*AS_ROOT, program("buildah"), *roots, *arguments).strip()


@lru_cache
def _keep_store_small() -> None:
    """Empties a store in which layers of earlier versions have gathered, before anything is built."""
    store = cache() / "images" / "root"
    kilobytes = int(run(*AS_ROOT, "du", "-sk", store).split()[0]) if store.exists() else 0
    if kilobytes > STORE_LIMIT_GB << 20:
        buildah("rmi", "--all", "--force")


def _base_image(machine: Machine) -> str:
    """The stand-in, made once from its tar."""
    _keep_store_small()
    tar = Path(part(machine.part))
    name = f"{BASE}{machine.suffix}:{int(tar.stat().st_mtime)}"
    if buildah("images", "--quiet", "--filter", f"reference={name}") == "":
        container = buildah("from", *machine.arguments, "scratch")
        buildah("add", "--quiet", container, tar, "/")
        buildah("commit", "--quiet", container, name)
        buildah("rm", container)
    return name


def _pip_settings() -> dict[str, str]:
    lines = run(sys.executable, "-m", "pip", "config", "list").splitlines()
    found: dict[str, str] = {}
    # What the environment says comes first in the list and counts most.
    for line in reversed(lines):
        name, _, value = line.partition("=")
        key = name.rsplit(".", 1)[-1]
        words = [word for word in value.strip("'\"").split() if urlsplit(word).scheme != "file"]
        if key in SETTINGS and words:
            found[key] = " ".join(words)
    return found


def _wheel_folders() -> list[Path]:
    """Folders in which pip looks for wheels, as it is set up here."""
    lines = run(sys.executable, "-m", "pip", "config", "list").splitlines()
    found = {line.partition("=")[2].strip("'\"") for line in lines if ".find-links=" in line}
    return sorted(Path(value) for value in found if Path(value).is_dir())


@dataclass(frozen=True)
class Image:
    """A built image and how it starts."""

    name: str
    architecture: str
    config: dict

    @property
    def command(self) -> list[str]:
        return [*self.config["Entrypoint"], *self.config["Cmd"]]

    @property
    def environment(self) -> dict[str, str]:
        return dict(entry.split("=", 1) for entry in self.config["Env"])

    @property
    def folder(self) -> Path:
        return Path(self.config["WorkingDir"])


def _context(home: Path, own: Path | None) -> Path:
    """The images' context, with a user's own versions as deploy-runtimes.yml lays them in."""
    if own is None:
        return RUNTIMES
    context = home / "runtimes"
    shutil.copytree(RUNTIMES, context, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(own, context / "own-requirements.txt")
    return context


def build(runtime: str, target: str, own: Path | None = None, machine: Machine = NATIVE) -> Image:
    """One stage of a runtime's Dockerfile, built by its own steps but for the base image.

    `own`: a file of a user's own versions.
    """
    name = f"localhost/ayci-{runtime}-{target}{'' if own is None else '-own'}{machine.suffix}"
    with TemporaryDirectory() as home:
        context = _context(Path(home), own)
        settings = Path(home) / "pip.conf"
        values = [f"{key} = {value}\n" for key, value in _pip_settings().items()]
        values += [f"find-links = {folder}\n" for folder in _wheel_folders()]
        settings.write_text("".join(["[global]\n", *values]))
        settings.chmod(0o644)
        given = {settings: "/etc/pip.conf", Path("/etc/ssl/certs"): "/etc/ssl/certs"}
        # Wheels that lie on this disk are packages like those of an index.
        given |= {folder: str(folder) for folder in _wheel_folders()}
        volumes = [f"--volume={source}:{place}:ro" for source, place in given.items()]
        buildah(
            *("build", "--isolation", "chroot", "--pull-never", "--layers", "--force-rm"),
            *machine.arguments,
            *(f"--build-arg=BASE={_base_image(machine)}", *volumes, f"--target={target}"),
            *(f"--build-arg=RUNTIME={runtime}", "--build-arg=FURTHER_INDEX="),
            *("--tag", name, "--file", context / "Dockerfile", context),
        )
    found = json.loads(buildah("inspect", "--type", "image", name))["OCIv1"]
    return Image(name, found["architecture"], found["config"])


def layer_sizes(image: Image) -> list[int]:
    """Bytes of each layer, gzipped as a registry keeps them, the base image's first."""
    with TemporaryDirectory() as home:
        folder = Path(home) / "oci"
        buildah("push", "--quiet", image.name, f"oci:{folder}:image")
        if AS_ROOT:
            run(*AS_ROOT, "chown", "-R", str(os.geteuid()), folder)
        (described,) = json.loads((folder / "index.json").read_text())["manifests"]
        manifest = folder / "blobs" / described["digest"].replace(":", "/")
        return [layer["size"] for layer in json.loads(manifest.read_text())["layers"]]


@contextmanager
def mounted(image: Image) -> Iterator[Path]:
    """The image's root file system on this machine."""
    container = buildah("from", "--pull-never", image.name)
    try:
        yield Path(buildah("mount", container))
    finally:
        buildah("rm", container)
