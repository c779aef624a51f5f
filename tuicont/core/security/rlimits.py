"""Resource limits of processes by Docker's names (`nofile`) and the specification's (`RLIMIT_NOFILE`), and those that a
container has where nobody says anything.

Pure tables of getrlimit(2), with the numbers that most architectures share (asm-generic/resource.h).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

NUMBERS: dict[str, int] = {
    "cpu": 0,
    "fsize": 1,
    "data": 2,
    "stack": 3,
    "core": 4,
    "rss": 5,
    "nproc": 6,
    "nofile": 7,
    "memlock": 8,
    "as": 9,
    "locks": 10,
    "sigpending": 11,
    "msgqueue": 12,
    "nice": 13,
    "rtprio": 14,
    "rttime": 15,
}
INFINITY = (1 << 64) - 1
_DEFAULTS: dict[str, tuple[int, int]] = {
    "stack": (8 << 20, INFINITY),
    "core": (0, INFINITY),
    "nofile": (1024, 1 << 20),  # select(2) breaks beyond 1024; who needs more raises it
    "memlock": (8 << 20, 8 << 20),
    "msgqueue": (819_200, 819_200),
    "nice": (0, 0),
    "rtprio": (0, 0),
}
"""Those of the kernel's first process (include/asm-generic/resource.h) but for the number of open files, whose hard
limit is Podman's, and Docker's for years; all others are unlimited, as a cgroup limits processes and memory."""


@lru_cache(maxsize=4)
def defaults(most: Sequence[int]) -> dict[str, dict[str, Any]]:
    """All limits as entries of `process.rlimits`, by their type. `most` are, by number, hard limits that none may be
    above; nobody may change the answer."""
    found = {}
    for name, number in NUMBERS.items():
        soft, hard = _DEFAULTS.get(name, (INFINITY, INFINITY))
        bound = most[number] if most else INFINITY
        kind = specification_name(name)
        found[kind] = {"type": kind, "soft": min(soft, bound), "hard": min(hard, bound)}
    return found


def specification_name(name: str) -> str:
    """`RLIMIT_NOFILE` for `nofile`."""
    return f"RLIMIT_{name.upper()}"


def value(number: int) -> int:
    """A user's number as the kernel's: -1 is no limit."""
    return INFINITY if number == -1 else number
