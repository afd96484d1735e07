"""The CPUs that models are compiled for, and whether this machine's is one of them."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from ayci_runtime.errors import InvalidModel

CPUINFO = Path("/proc/cpuinfo")

# All of Lambda's x86-64 and arm64 (Graviton2) hosts have what these have.
CPU_OF = {"x86_64": "x86-64-v3", "arm64": "neoverse-n1"}
_MACHINES = {"x86-64-v3": "x86_64", "neoverse-n1": "aarch64"}
# By the kernel's names. x86-64-v3: psABI, table 3.1, of which BMI1 is Linux's "bmi1" and LZCNT its
# "abm". Neoverse N1: Armv8.2-A with half-precision floats and dot product.
_FEATURES = {
    "x86-64-v3": ("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"),
    "neoverse-n1": ("asimd", "atomics", "asimdrdm", "asimdhp", "fphp", "asimddp", "crc32", "lrcpc"),
}


def check_cpu(cpu: str, cpuinfo: Path = CPUINFO) -> None:
    """Raises InvalidModel unless this machine runs what is compiled for `cpu`.

    It would end by SIGILL otherwise. `cpuinfo`: as proc_cpuinfo(5) has it.
    """
    if cpu not in _MACHINES:
        raise InvalidModel(f"model.json: cpu: got {cpu}; expected {' or '.join(_MACHINES)}")
    machine = platform.machine()
    if machine != _MACHINES[cpu]:
        raise InvalidModel(f"compiled for {_MACHINES[cpu]} ({cpu}); this machine is {machine}")
    missing = sorted(set(_FEATURES[cpu]) - _features(cpuinfo))
    if missing:
        raise InvalidModel(f"compiled for {cpu}; this CPU lacks {', '.join(missing)}")


def _features(cpuinfo: Path) -> set[str]:
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo.read_text(), re.MULTILINE)
    return set(found[1].split()) if found else set()
