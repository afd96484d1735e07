"""A user's own versions of frameworks in the place of a lock's, by the standard library alone.

    python3 runtimes/own_requirements applies OWN
        the runtimes whose library the file pins, comma-separated
    python3 runtimes/own_requirements merge RUNTIME LOCK OWN [ARCHITECTURE]
        the lock with the user's versions in place of its own, for this machine or for an image
    python3 runtimes/own_requirements version RUNTIME ARCHITECTURE LOCK [OWN]
        what names an image in reports: `onnxruntime 1.32.0`

Ends with 1 and one line where a file is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from markers import MACHINES, here, image
from merge import LIBRARIES, applies_to, merged, read_own, version_of
from pins import EXPECTED, Pin, Refused, read_pins

USAGE = (
    "applies OWN, merge RUNTIME LOCK OWN [ARCHITECTURE] or "
    "version RUNTIME ARCHITECTURE LOCK [OWN], "
    f"RUNTIME one of {', '.join(LIBRARIES)}, ARCHITECTURE one of {', '.join(MACHINES)}"
)
HINT = "Make it with: uv pip compile --universal --generate-hashes --no-emit-index-url."


def _own(path: str) -> list[Pin]:
    try:
        return read_own(Path(path).read_bytes())
    except Refused as refused:
        raise Refused(f"{refused}; {EXPECTED}. {HINT}") from refused


def _lock(path: str) -> list[Pin]:
    return read_pins(Path(path).read_bytes())


def _said(arguments: Sequence[str]) -> str:
    match arguments:
        case ["applies", own]:
            pins = _own(own)
            return ",".join(runtime for runtime in LIBRARIES if applies_to(pins, runtime))
        case ["merge", runtime, lock, own, *given] if runtime in LIBRARIES and given in [
            [],
            *([machine] for machine in MACHINES),
        ]:
            environment = image(*given) if given else here()
            return "\n".join(map(str, merged(_lock(lock), _own(own), runtime, environment)))
        case ["version", runtime, machine, lock, *given] if (
            runtime in LIBRARIES and machine in MACHINES and len(given) < 2
        ):
            own = _own(given[0]) if given else []
            pins = merged(_lock(lock), own, runtime, image(machine))
            return version_of(pins, runtime, image(machine))
    raise Refused(f"arguments: got {list(arguments)}; expected {USAGE}")


def main() -> int:
    """Runs what the command line says; returns what the process ends with."""
    try:
        print(_said(sys.argv[1:]))
    except (Refused, OSError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


sys.exit(main())
