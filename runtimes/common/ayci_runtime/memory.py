"""Peak resident memory of this process, in MB (MiB)."""

from __future__ import annotations

import re
import resource
from pathlib import Path

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


def reset_peak() -> bool:
    """Lowers the high-water mark to what is resident now; False where the host forbids it.

    Source: proc_pid_clear_refs(5), value 5. Without it a peak is that of the process's life.
    """
    try:
        _CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def peak_mb() -> float:
    """The high-water mark in MB: VmHWM of proc_pid_status(5), else getrusage(2)'s ru_maxrss."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    except OSError:
        found = None
    kilobytes = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / 1024
