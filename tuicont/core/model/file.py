"""What a file is, in words: for those who refuse one, and for those who ask what is at a path."""

from __future__ import annotations

import stat
from collections.abc import Callable

import msgspec

_KINDS = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
}

LeftOut = Callable[[str, str], None]
"""Told the name of what a copy passes over, and why in words that go on from the name (`is a socket`)."""


def kind_of(mode: int) -> str:
    """`a FIFO` and the like, by the mode that stat(2) tells."""
    return _KINDS.get(stat.S_IFMT(mode), "no regular file")


def tar_time_ns(text: str, rounded: float) -> int:
    """The time of a tar entry in nanoseconds: its pax header `mtime`, which has fractions of a second that a float
    would round, or without one that makes sense `rounded`."""
    try:
        seconds, _, fraction = text.partition(".")
        if text:
            nanoseconds = int((fraction or "0")[:9].ljust(9, "0"))
            return int(seconds) * 10**9 + (-nanoseconds if text.startswith("-") else nanoseconds)
    except ValueError:
        pass
    return int(rounded * 10**9)


class FileStat(msgspec.Struct, frozen=True, kw_only=True):
    """What a path leads to. `path` has no link for its last component: it is where something of that name is, or would
    be made; `mode` is that of stat(2), 0 where nothing is."""

    path: str
    mode: int = 0

    @property
    def is_directory(self) -> bool:
        """Whether files can be put into it."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_replaceable(self) -> bool:
        """Whether a file can take its place. A device that is replaced is a machine without /dev/null; what a FIFO or a
        socket stands for is somebody who waits at its other end."""
        return not self.mode or stat.S_ISREG(self.mode)

    @property
    def kind(self) -> str:
        """It in words."""
        return kind_of(self.mode)
