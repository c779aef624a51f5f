"""Capabilities by name, number and bit mask (capabilities(7)).

Pure. Knows nothing of processes: who has which set is the plan's matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

# By number, as in include/uapi/linux/capability.h.
NAMES: tuple[str, ...] = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
)
NUMBERS: dict[str, int] = {name: number for number, name in enumerate(NAMES)}
ALL: int = (1 << len(NAMES)) - 1
CAP_SYS_ADMIN: int = 1 << NUMBERS["CAP_SYS_ADMIN"]

# What Docker leaves to a container that asks for nothing (docs.docker.com, "Runtime privilege and Linux capabilities").
DEFAULT_NAMES: tuple[str, ...] = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
)


def normalize(name: str) -> str:
    """`net_admin` and `CAP_NET_ADMIN` both as `CAP_NET_ADMIN`; `ALL` stays. Raises `ValueError` for a name
    that the kernel does not know."""
    upper = name.strip().upper()
    if upper == "ALL":
        return upper
    full = upper if upper.startswith("CAP_") else f"CAP_{upper}"
    if full not in NUMBERS:
        raise ValueError(f"unknown capability {name!r}")
    return full


def mask(names: Iterable[str]) -> int:
    """The bit set of capabilities by full name. Raises `ValueError` for an unknown one."""
    return _mask(tuple(names))


@lru_cache(maxsize=256)
def _mask(names: tuple[str, ...]) -> int:
    bits = 0
    for name in names:
        number = NUMBERS.get(name)
        if number is None:
            raise ValueError(f"unknown capability {name!r}")
        bits |= 1 << number
    return bits


@lru_cache(maxsize=256)
def names(bits: int) -> tuple[str, ...]:
    """The names in a bit set, by number; a bit that has no name yet is `CAP_<number>`."""
    return tuple(
        NAMES[number] if number < len(NAMES) else f"CAP_{number}"
        for number in range(bits.bit_length())
        if bits >> number & 1
    )


DEFAULT: int = mask(DEFAULT_NAMES)


@lru_cache(maxsize=256)
def adjusted(add: tuple[str, ...], drop: tuple[str, ...], base: int = DEFAULT, every: int = ALL) -> int:
    """`base` with `add` and `drop` carried out as Docker does: `ALL` on either side is the starting point,
    a name on the other side then wins; a name on both sides is dropped. Raises `ValueError`."""
    added, dropped = {normalize(name) for name in add}, {normalize(name) for name in drop}
    if "ALL" in added:
        return every & ~mask(sorted(dropped - {"ALL"}))
    if "ALL" in dropped:
        return mask(sorted(added)) & every
    return (base | mask(sorted(added))) & ~mask(sorted(dropped)) & every
