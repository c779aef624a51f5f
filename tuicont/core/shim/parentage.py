"""Which shim keeps a process, by the kernel's own word: it is its parent. For when nobody can ask a shim."""

from __future__ import annotations

import os

from tuicont.core.host.processes import stat_of
from tuicont.core.sys.pidfd import PidFd

_NAME = "tuicont-shim"


def keeper_of(pid: int, started: int) -> PidFd | None:
    """The shim of the process that is `pid` since then (clock ticks); None when either is gone."""
    parent = _parent(pid, started)
    if not parent or _name(parent) != _NAME:
        return None
    try:
        keeper = PidFd(os.pidfd_open(parent))
    except ProcessLookupError:
        return None
    # The number may have come to mean another process before it was held.
    return keeper if _parent(pid, started) == parent else None


def _parent(pid: int, started: int) -> int:
    stat = stat_of(pid)
    return int(stat[1][1]) if stat is not None and int(stat[1][19]) == started else 0


def _name(pid: int) -> str:
    stat = stat_of(pid)
    return stat[0] if stat is not None else ""
