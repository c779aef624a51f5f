"""Which images run on this machine: operating system, architecture in Go's names, and of an architecture the variant.

Knows no document. A variant is a promise about the processor: amd64 from v1 to v4 (x86-64 psABI, "microarchitecture
levels"), arm from v5 to v8.
"""

from __future__ import annotations

import platform
from functools import lru_cache

from tuicont.core.image.manifest import Platform

_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "i386": "386"}
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}),
    frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}),
    frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
)
"""What the kernel calls (in /proc/cpuinfo) the features that v2, v3 and v4 add."""
_LEAST = {"amd64": 1, "arm64": 8, "arm": 7}
"""The variant that is meant where none is said."""


@lru_cache(maxsize=1)
def host_platform() -> Platform:
    """This machine."""
    machine = platform.machine().lower()
    if machine.startswith("armv"):
        return Platform(architecture="arm", os="linux", variant=machine[3:5])
    name = _NAMES.get(machine, machine)
    return Platform(architecture=name, os="linux", variant=f"v{_amd64_level(_features())}" if name == "amd64" else "")


def runs_here(wanted: Platform, here: Platform) -> bool:
    """Whether an image for `wanted` runs on `here`; what is not said matches."""
    if wanted.architecture not in ("", here.architecture) or wanted.os not in ("", here.os):
        return False
    return _level(wanted) <= _level(here)


def preference(wanted: Platform | None) -> int:
    """Of several that run here: the higher, the more of the processor it uses."""
    return _level(wanted or Platform())


def described(wanted: Platform) -> str:
    """`linux/arm/v7`."""
    return "/".join(part for part in (wanted.os, wanted.architecture, wanted.variant) if part)


def _level(wanted: Platform) -> int:
    number = wanted.variant.removeprefix("v")
    # A variant of no such kind promises nothing that could be looked up.
    return int(number) if number.isdecimal() and len(number) == 1 else _LEAST.get(wanted.architecture, 0)


def _amd64_level(features: frozenset[str]) -> int:
    level = 1
    for needed in _LEVELS:
        if not needed <= features:
            break
        level += 1
    return level


def _features() -> frozenset[str]:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            line = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return frozenset()
    return frozenset(line.partition(":")[2].split())
