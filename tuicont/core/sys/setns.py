"""setns(2), which Python has from 3.12 on only. One call; no policy."""

from __future__ import annotations

from tuicont.core.native._native import lib
from tuicont.core.sys.results import checked

CLONE_NEWNET = 0x40000000


def setns(fd: int, kind: int) -> None:
    """Move the calling *thread* into the namespace behind `fd`; `kind` is a CLONE_NEW… flag."""
    checked(lib.tuicont_setns(fd, kind), "setns")
