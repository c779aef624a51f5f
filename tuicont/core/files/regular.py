"""Regular files that others made: looked at before they are opened, and read no further than they reach.

Opening is an act. A block device may come to be by it (loop), a FIFO waits for its other end, a tape rewinds. So what
has a name is first taken as a path alone (O_PATH), which opens nothing; when that is a regular file, this very inode is
opened, whatever its name has come to mean. Knows no layout, and no meaning of a file.
"""

from __future__ import annotations

import errno
import os
import stat

from tuicont.core.model.file import kind_of
from tuicont.core.sys.openat2 import open_in_root

_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
# What a regular file does not care about, and anything else would be opened with if it ever came to that.
_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Refused(OSError):
    """What is not opened, or not read, for what it is: `strerror` says that ("is a FIFO")."""


def open_regular(directory_fd: int, name: str, flags: int = 0) -> int:
    """A descriptor to read the entry `name` of a directory by, opened with `flags` besides. No link is followed.
    Raises `Refused` for what is no regular file, else `OSError`."""
    fd = os.open(name, _PATH, dir_fd=directory_fd)
    try:
        return reopen_regular(fd, name, flags)
    finally:
        os.close(fd)


def open_regular_in_root(root_fd: int, path: str) -> int:
    """The same for a path with `root_fd` as "/": links in it are followed, those of /proc are not."""
    fd = open_in_root(root_fd, path, os.O_PATH)
    try:
        return reopen_regular(fd, path)
    finally:
        os.close(fd)


def reopen_regular(fd: int, name: str, flags: int = 0) -> int:
    """The same for what an O_PATH descriptor holds, which stays open; `name` is for the error."""
    _check(os.fstat(fd), name)
    # Its number proves nothing more: overlayfs gives another to a file with several names when it is first written to.
    opened = os.open(f"/proc/self/fd/{fd}", _READING | flags)
    try:
        _check(os.fstat(opened), name)
    except OSError:
        os.close(opened)
        raise
    return opened


def read_in_root(root_fd: int, path: str, largest: int) -> bytes:
    """The contents of a regular file, found as `open_regular_in_root` finds it. Raises `Refused` when it has more than
    `largest` bytes. Most files of procfs claim to have none, and are not read: that too can be an act."""
    fd = open_regular_in_root(root_fd, path)
    with os.fdopen(fd, "rb") as file:
        size = os.fstat(fd).st_size
        if size > largest:
            raise Refused(errno.EFBIG, f"has {size} bytes, and may have {largest}", path)
        return file.read(size)


def _check(info: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise Refused(errno.EINVAL, f"is {kind_of(info.st_mode)}", name)
