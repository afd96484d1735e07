"""A runtime's lock with a user's own versions in the place of the lock's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markers import holds
from pins import Pin, Refused, read_pins

# The library that names a runtime in reports: LIBRARIES of src/types/runtimes.ts.
LIBRARIES = {
    "onnx": "onnxruntime",
    "pytorch": "torch",
    "tensorflow": "tensorflow",
    "mxnet": "mxnet",
    "tvm": "apache-tvm",
    "openvino": "openvino",
}


def _package(name: str) -> str:
    """Builds of one library: that for CPUs may have a name of its own, but holds the same files."""
    return name.removesuffix("-cpu")


def applies_to(own: Sequence[Pin], runtime: str) -> bool:
    """Whether a runtime gets a user's own versions: those whose library they pin."""
    return any(_package(pin.name) == LIBRARIES[runtime] for pin in own)


def read_own(content: bytes) -> list[Pin]:
    """A user's own file. Raises Refused, also where it pins no runtime's library."""
    own = read_pins(content)
    if not any(applies_to(own, runtime) for runtime in LIBRARIES):
        names = sorted(
            name for library in LIBRARIES.values() for name in (library, f"{library}-cpu")
        )
        raise Refused(f"pins none of {', '.join(names)}")
    return own


def merged(
    lock: Sequence[Pin], own: Sequence[Pin], runtime: str, environment: Mapping[str, str]
) -> list[Pin]:
    """What to install in an environment: of a package that both pin, the user's version.

    All of it is pinned by hash, as both are. Raises Refused where the user has several versions of
    a package there.
    """
    if not applies_to(own, runtime):
        return list(lock)
    chosen = [pin for pin in own if holds(pin.marker, environment)]
    replaced = {_package(pin.name) for pin in chosen}
    if len(replaced) < len(chosen):
        names = [_package(pin.name) for pin in chosen]
        twice = sorted({name for name in names if names.count(name) > 1})
        machine = environment["platform_machine"]
        raise Refused(f"pins {', '.join(twice)} more than once for {machine}")
    return [pin for pin in lock if _package(pin.name) not in replaced] + chosen


def version_of(pins: Sequence[Pin], runtime: str, environment: Mapping[str, str]) -> str:
    """What names a runtime in reports: `onnxruntime 1.32.0`."""
    library = LIBRARIES[runtime]
    here = [pin for pin in pins if _package(pin.name) == library and holds(pin.marker, environment)]
    if len(here) != 1:
        raise Refused(f"pins {library} {len(here)} times for {environment['platform_machine']}")
    return f"{library} {here[0].version}"
