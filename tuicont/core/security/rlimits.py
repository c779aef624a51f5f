"""Resource limits of processes by Docker's names (`nofile`) and the specification's (`RLIMIT_NOFILE`).

Pure tables of getrlimit(2), with the numbers that most architectures share (asm-generic/resource.h).
"""

from __future__ import annotations

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


def specification_name(name: str) -> str:
    """`RLIMIT_NOFILE` for `nofile`."""
    return f"RLIMIT_{name.upper()}"


def value(number: int) -> int:
    """A user's number as the kernel's: -1 is no limit."""
    return INFINITY if number == -1 else number
