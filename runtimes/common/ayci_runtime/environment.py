"""Where a measurement was made: CPU, versions, threads."""

from __future__ import annotations

import platform
import re
from pathlib import Path


def parse_cpu(cpuinfo: str) -> str:
    """The CPU's name from the text of /proc/cpuinfo; on arm64 its implementer and part."""

    def field(name: str) -> str | None:
        found = re.search(rf"^{name}\s*:\s*(.+?)\s*$", cpuinfo, re.MULTILINE)
        return found[1] if found else None

    if model := field("model name"):
        return model
    implementer, part = field("CPU implementer"), field("CPU part")
    if implementer and part:
        return f"arm64 implementer {implementer} part {part}"
    return platform.machine() or "unknown"


def cpu_model() -> str:
    """The CPU's name, or the machine's architecture where /proc tells none."""
    try:
        return parse_cpu(Path("/proc/cpuinfo").read_text())
    except OSError:
        return parse_cpu("")


def environment(versions: dict[str, str], threads: int) -> dict[str, object]:
    """The protocol's Environment."""
    return {
        "cpu": cpu_model(),
        "threads": threads,
        "versions": {"python": platform.python_version(), **versions},
    }
