"""The CPUs that models are compiled for, and whether this machine's is one of them."""

from __future__ import annotations

import ctypes
import platform
import re
from collections.abc import Set
from pathlib import Path

from ayci_runtime.errors import InvalidModel

# All of Lambda's x86-64 and arm64 (Graviton2) hosts have what these have.
CPU_OF = {"x86_64": "x86-64-v3", "arm64": "neoverse-n1"}
_MACHINES = {"x86-64-v3": "x86_64", "neoverse-n1": "aarch64"}

# psABI of x86-64, table 3.1, by the names of proc_cpuinfo(5), where LZCNT is "abm".
_X86_64_V3 = frozenset(("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"))
# Bits of AT_HWCAP, from Linux's arch/arm64/include/uapi/asm/hwcap.h.
_HWCAPS = {
    "asimd": 1 << 1,
    "crc32": 1 << 7,
    "atomics": 1 << 8,
    "fphp": 1 << 9,
    "asimdhp": 1 << 10,
    "asimdrdm": 1 << 12,
    "lrcpc": 1 << 15,
    "asimddp": 1 << 20,
}
_FEATURES = {"x86-64-v3": _X86_64_V3, "neoverse-n1": frozenset(_HWCAPS)}
# From Linux's include/uapi/linux/auxvec.h.
_AT_HWCAP = 16


def check_cpu(cpu: str, features: Set[str] | None = None) -> None:
    """Raises InvalidModel unless this machine runs what is compiled for `cpu`.

    It would end by SIGILL otherwise. `features`: those of another CPU than this machine's.
    """
    if cpu not in _MACHINES:
        raise InvalidModel(f"model.json: cpu: got {cpu}; expected {' or '.join(_MACHINES)}")
    machine = platform.machine()
    if machine != _MACHINES[cpu]:
        raise InvalidModel(f"compiled for {_MACHINES[cpu]} ({cpu}); this machine is {machine}")
    missing = sorted(_FEATURES[cpu] - (cpu_features() if features is None else features))
    if missing:
        raise InvalidModel(f"compiled for {cpu}; this CPU lacks {', '.join(missing)}")


def cpu_features() -> Set[str]:
    """What this CPU has, of arm64 those of Neoverse N1 alone, by the kernel's names."""
    if platform.machine() == "aarch64":
        getauxval = ctypes.CDLL(None).getauxval
        getauxval.restype, getauxval.argtypes = ctypes.c_ulong, [ctypes.c_ulong]
        bits = getauxval(_AT_HWCAP)
        return {name for name, bit in _HWCAPS.items() if bits & bit}
    found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return set(found[1].split()) if found else set()
